/** Keeps a program running: one that dies unasked is started again. */
import { setTimeout as pause } from 'node:timers/promises';

/** What the supervisor needs of a running program; `Process` is one. */
export interface Running {
  pid: number | undefined;
  ready: Promise<void>;
  exited: Promise<string>;
  lastLines: string[];
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface Supervised {
  readonly name: string;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  /** Resolves when it is ready. Does nothing when it runs already. */
  start(): Promise<void>;
  /** Stops it in good order. It stays down until `start`. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Sends a signal (SIGKILL unless given). One that ends it leaves it down until `start`, unlike a real crash. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
/** A program that ran this long is well again: the next restart comes quickly. */
const WELL_AFTER_MS = 10_000;

/** Signals after which a program goes on. */
const HARMLESS: NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGUSR1', 'SIGUSR2'];

/**
 * Supervises what `launch` starts. Nothing runs until `start`, and a first start that fails is not repeated.
 * @param say gets a sentence, with the program's last lines, each time it dies unasked.
 */
export function supervise(
  name: string,
  launch: () => Running | Promise<Running>,
  say: (text: string) => void,
): Supervised {
  let wanted = false;
  let running: Running | undefined;
  let launching: Promise<unknown> = Promise.resolve();
  let starting: Promise<void> | undefined;
  let delay = FIRST_DELAY_MS;

  async function bringUp(): Promise<void> {
    const launched = Promise.resolve(launch());
    launching = launched.catch(() => undefined);
    const program = await launched;
    running = program;
    const since = Date.now();
    let wasReady = false;
    const gone = program.exited.then(how => {
      if (running === program) running = undefined;
      if (Date.now() - since > WELL_AFTER_MS) delay = FIRST_DELAY_MS;
      if (wanted && wasReady) void recover(`${name} ${how}`, program.lastLines);
    });
    try {
      await program.ready;
      wasReady = true;
    } catch (error) {
      await program.stop();
      await gone;
      throw error;
    }
  }

  async function recover(what: string, lastLines: string[]): Promise<void> {
    const indented = lastLines.slice(-10).map(line => `\n    ${line}`);
    say(
      `${what}. It is started again in ${delay} ms.${indented.length ? ' Its last lines:' : ''}${indented.join('')}`,
    );
    await pause(delay, undefined, { ref: false });
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    if (!wanted || running || starting) return;
    try {
      await begin();
      say(`${name} runs again.`);
    } catch (error) {
      if (wanted) await recover(error instanceof Error ? error.message : String(error), []);
    }
  }

  function begin(): Promise<void> {
    starting ??= bringUp().finally(() => {
      starting = undefined;
    });
    return starting;
  }

  const supervised: Supervised = {
    name,
    get pid() {
      return running?.pid;
    },
    async start() {
      wanted = true;
      if (starting || !running) await begin();
    },
    async stop() {
      wanted = false;
      await launching;
      await running?.stop();
      await starting?.catch(() => undefined);
    },
    async restart() {
      await supervised.stop();
      await supervised.start();
    },
    async kill(signal = 'SIGKILL') {
      await launching;
      if (!HARMLESS.includes(signal)) wanted = false;
      const program = running;
      program?.kill(signal);
      if (!HARMLESS.includes(signal)) await program?.exited;
    },
  };
  return supervised;
}
