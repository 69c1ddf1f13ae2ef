/** Programs of ours, each in a Node process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters, styleText } from 'node:util';
import { ask, whenUnhealthy } from './liveness.ts';
import { formatLine } from './log-lines.ts';

export interface ProcessOptions {
  name: string;
  /** TypeScript or JavaScript. */
  file: string;
  args?: string[];
  /** Options for Node itself. */
  nodeArgs?: string[];
  /** The whole environment. */
  env: NodeJS.ProcessEnv;
  /** Answers 200 once the program can serve; without it the program counts as ready at once. */
  readyUrl?: string;
  /** Answers 503 when the program needs a restart: once it has done so several times in a row, it is stopped. */
  healthUrl?: string | undefined;
  healthEveryMs?: number;
  /** Gets each line of output, readable and labelled with the name. */
  sink: (line: string) => void;
}

export interface Process {
  readonly name: string;
  readonly pid: number | undefined;
  /** Rejects, with the last lines of output, when the program ends before it is ready or takes over a minute. */
  readonly ready: Promise<void>;
  /** How it ended, in words, once all its output was read. */
  readonly exited: Promise<string>;
  /** The last lines of output, without label or colour. */
  readonly lastLines: string[];
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL if that has not helped within 10 s. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const POLL_MS = 50;
const HEALTH_EVERY_MS = 5_000;
const WITH_PARENT = pathToFileURL(`${import.meta.dirname}/with-parent.ts`).href;

/**
 * Starts a program.
 *
 * It dies with this process, even one killed by SIGKILL: the channel between the two closes, and with-parent.ts,
 * which is loaded into it, then ends it.
 */
export function startProcess(options: ProcessOptions): Process {
  const {
    name,
    file,
    args = [],
    nodeArgs = ['--max-semi-space-size=64'],
    env,
    readyUrl,
    healthUrl,
    sink,
  } = options;
  const child = spawn(process.execPath, [...nodeArgs, '--import', WITH_PARENT, file, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C in the terminal reaches the supervisor alone, which then stops its programs in the right order.
    detached: true,
  });
  const lastLines: string[] = [];
  const label = labelFor(name);
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', raw => {
      for (const line of formatLine(raw).split('\n')) {
        lastLines.push(stripVTControlCharacters(line));
        if (lastLines.length > 30) lastLines.shift();
        sink(`${label} ${line}`);
      }
    });

  const exited = howItEnds(child);
  const ready = readyUrl ? whenReady(name, readyUrl, exited, lastLines) : Promise.resolve();
  ready.catch(() => undefined); // whoever waits for it hears of it; nobody has to
  const stop = async () => {
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(impatience);
  };
  const stopWhenUnhealthy = async (url: string) => {
    const answer = await whenUnhealthy(url, exited, options.healthEveryMs ?? HEALTH_EVERY_MS);
    if (answer === undefined) return;
    sink(`${label} It asks for a restart and is stopped: ${answer}`);
    await stop();
  };
  if (healthUrl)
    ready.then(
      () => stopWhenUnhealthy(healthUrl),
      () => undefined,
    );
  return {
    name,
    pid: child.pid,
    ready,
    exited,
    lastLines,
    kill: signal => void child.kill(signal),
    stop,
  };
}

const COLOURS = [
  'cyan',
  'green',
  'magenta',
  'blue',
  'yellow',
  'cyanBright',
  'greenBright',
  'magentaBright',
] as const;
const coloured = new Map<string, (typeof COLOURS)[number]>();

/** `users          |`, in a colour of its own. */
export function labelFor(name: string): string {
  if (!coloured.has(name)) coloured.set(name, COLOURS[coloured.size % COLOURS.length]!);
  return styleText(coloured.get(name)!, `${name.padEnd(14)} |`);
}

function howItEnds(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => child.pid || resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`),
    );
  });
}

async function whenReady(
  name: string,
  url: string,
  exited: Promise<string>,
  lastLines: string[],
): Promise<void> {
  let ended: string | undefined;
  exited.then(how => {
    ended = how;
  });
  const report = (what: string) => new Error([`${name} ${what}`, ...lastLines].join('\n    '));
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await Promise.race([ask(url), exited]);
    if (ended !== undefined) throw report(`${ended} before it was ready.`);
    if (answer === 200) return;
    if (Date.now() > deadline)
      throw report(`is not ready after ${READY_WITHIN_MS / 1000} s (${url}: ${answer}).`);
    await Promise.race([pause(POLL_MS), exited]);
  }
}
