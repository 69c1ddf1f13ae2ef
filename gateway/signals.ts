import type { Gateway } from './server.ts';

/**
 * Stops the gateway and ends the process on SIGTERM and SIGINT, and when a parent process that holds an IPC
 * channel to this one goes away: nobody would be left to stop it.
 *
 * @param drainDelay milliseconds to answer "not ready" before closing, when a balancer may be watching.
 */
export function stopOnSignals(gateway: Gateway, drainDelay: number) {
  const end = (delay: number) => {
    gateway.stop(delay).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', () => end(drainDelay));
  process.on('SIGINT', () => end(drainDelay));
  if (process.send) process.on('disconnect', () => end(0));
}
