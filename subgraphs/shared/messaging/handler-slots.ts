/**
 * Limits how long handlers run. A handler that is past its time limit is overdue: it gives up its message or job, so that
 * another process takes it. As long as it has not ended it occupies its slot, so that a process whose handlers hang takes
 * nothing more.
 */

import { setTimeout as pause } from 'node:timers/promises';

/** A queue without a free slot for this long makes the process unhealthy: only a restart helps then. */
const WEDGED_AFTER_MS = 120_000;
const PROBE_MS = 1_000;

/** The reason with which an overdue handler's signal is aborted, and its delivery fails. */
export class HandlerOverdue extends Error {
  static {
    // On the prototype, so that stack traces begin with it: BullMQ keeps those of earlier attempts (consumers.ts).
    HandlerOverdue.prototype.name = 'HandlerOverdue';
  }
}

export interface Slots {
  /**
   * Runs `work`; its signal is aborted at the time limit.
   * @throws HandlerOverdue at the time limit, whether `work` ends or not.
   */
  run<T>(timeLimitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * Takes nothing until the probe answers, then one item at a time until one is handled: what would only wait here for
   * what does not come is left to other processes.
   */
  doubt(): void;
  /** Why the process cannot go on without a restart; undefined while it can. */
  ailment(): string | undefined;
}

interface SlotsOptions {
  queue: string;
  total: number;
  /** Told how many slots may be used whenever that changes, and how many handlers are overdue. */
  apply: (usable: number, overdue: number) => void;
  /** Whether what every handler needs answers. Never rejects. */
  probe: () => Promise<boolean>;
}

/** The slots of one queue. An overdue handler is a reason to doubt that the next one ends. */
export function createSlots({ queue, total, apply, probe }: SlotsOptions): Slots {
  let overdue = 0;
  let exhaustedSince: number | null = null;
  /** The most that is taken at a time. */
  let trusted = total;

  function adjust() {
    const free = Math.max(0, total - overdue);
    if (free > 0) exhaustedSince = null;
    else exhaustedSince ??= performance.now();
    apply(Math.min(free, trusted), overdue);
  }

  function trust(slots: number) {
    if (trusted === slots) return;
    trusted = slots;
    adjust();
  }

  async function doubt() {
    if (trusted === 0) return;
    trust(0);
    while (trusted === 0 && !(await probe())) await pause(PROBE_MS, undefined, { ref: false });
    if (trusted === 0) trust(1);
  }

  return {
    async run(timeLimitMs, work) {
      const abandoning = new AbortController();
      const working = work(abandoning.signal);
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        const error = new HandlerOverdue(`It did not end within ${timeLimitMs} ms.`);
        overdue += 1;
        adjust();
        void doubt();
        abandoning.abort(error);
        reject(error);
        working
          .catch(() => {})
          .finally(() => {
            overdue -= 1;
            adjust();
          });
      }, timeLimitMs);
      try {
        const result = await Promise.race([working, late]);
        trust(total);
        return result;
      } finally {
        clearTimeout(timer);
      }
    },
    doubt: () => void doubt(),
    ailment() {
      if (exhaustedSince === null) return undefined;
      const ms = performance.now() - exhaustedSince;
      return ms < WEDGED_AFTER_MS
        ? undefined
        : `all ${total} handlers of ${queue} have hung for ${Math.round(ms / 1_000)} s`;
    },
  };
}

/** Waits for `work` no longer than until the signal is aborted, whose reason it then throws. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
