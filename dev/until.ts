import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until something holds, asking every 20 ms: tests wait for what they need and not for a time.
 * @throws Error naming it when it does not come true within 20 s.
 */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const patience = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > patience) throw new Error(`waited in vain until ${what}`);
    await pause(20);
  }
}
