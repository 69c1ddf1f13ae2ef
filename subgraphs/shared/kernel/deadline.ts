/** Until when somebody waits for an answer. It travels from process to process, so that none works on what is too late. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { unavailable } from './errors.ts';

/** Carries a deadline in milliseconds since 1970. Clocks agree within milliseconds, by NTP or on one machine. */
export const DEADLINE_HEADER = 'x-guichet-deadline';
/** A deadline further ahead than this is invalid: no request of ours may take so long. */
const FURTHEST_MS = 600_000;

/** The deadline in a header; undefined when there is none, or an invalid one. One that has passed is valid. */
export function readDeadline(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) return undefined;
  const deadline = Number(header);
  return deadline <= Date.now() + FURTHEST_MS ? deadline : undefined;
}

/** Milliseconds that are left until a deadline, but `most` at most; `most` without a deadline. */
export const timeLeft = (deadline: number | undefined, most: number): number =>
  deadline === undefined ? most : Math.min(most, deadline - Date.now());

const storage = new AsyncLocalStorage<number>();

/**
 * Runs `work` so that it begins no statement after the deadline. For reading only: a change that has begun is
 * completed, since it may have had effects elsewhere.
 */
export const withDeadline = <T>(deadline: number, work: () => T): T => storage.run(deadline, work);

/** @throws UNAVAILABLE after the deadline of the request that is being answered. Messages and jobs have none. */
export function checkDeadline(): void {
  const deadline = storage.getStore();
  if (deadline !== undefined && Date.now() > deadline) throw tooLate();
}

export const tooLate = () => unavailable('Too much is asked for at the moment. Try again shortly.', 1);
