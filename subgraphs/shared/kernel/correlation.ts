import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();

/** Runs `work` so that everything it logs, emits and asks for carries this correlation id. */
export const withCorrelation = <T>(correlationId: string, work: () => T): T =>
  storage.run(correlationId, work);

/** The correlation id of the request or message being handled. */
export const currentCorrelation = (): string | undefined => storage.getStore();
