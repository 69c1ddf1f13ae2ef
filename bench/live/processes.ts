import { type ChildProcess, fork } from 'node:child_process';
import type { Order, Usage } from './messages.ts';

type Question = Order extends infer O ? (O extends Order ? Omit<O, 'id'> : never) : never;

/** A process of the bench that answers questions. */
export interface Answering<T> {
  /** The message that it sent when it was ready. */
  told: T;
  ask(question: Question): Promise<Usage>;
  stop(): void;
}

/** Starts a module of this folder as a process, which ends when this one ends. */
export async function startProcess<T>(
  module: string,
  env: NodeJS.ProcessEnv,
  execArgv: string[] = [],
): Promise<Answering<T>> {
  const child: ChildProcess = fork(new URL(module, import.meta.url), {
    env: { ...process.env, ...env },
    execArgv,
  });
  const answers = new Map<number, (value: never) => void>();
  let id = 0;
  child.on('message', (message: { id: number; value: never }) => {
    answers.get(message.id)?.(message.value);
    answers.delete(message.id);
  });
  const told = await new Promise<T>((resolve, reject) => {
    answers.set(0, resolve);
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`${module} ended with ${code}`)));
  });
  return {
    told,
    ask: question =>
      new Promise(resolve => {
        answers.set(++id, resolve);
        child.send({ ...question, id });
      }),
    stop: () => child.disconnect(),
  };
}
