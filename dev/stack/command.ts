/** What `npm start` understands and says. */
import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removePostgresHome } from '../postgres/home.ts';
import { clearLeftover } from '../postgres/leftover.ts';
import { lockFolder, StartRefused } from './lock.ts';
import { needsPostgres } from './services.ts';
import type { Stack } from './stack.ts';

const USAGE = `npm start [-- options]

  --fresh          remove all data first
  --quiet          do not show what the services log
  --watch          restart what changes: a service whose code is saved (npm run dev)
  --only a,b       start these alone: postgresql, stripe-sandbox, mailbox, gateway, or subgraphs by name
  --directory d    where the data lives (.guichet)

Every port and address is an environment variable; see docs/settings.md.`;

/**
 * Reads the command line; with `--help` prints the usage and ends.
 * @throws StartRefused with the usage when it makes no sense.
 */
export function readArguments(args: string[]) {
  const options = {
    fresh: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
    directory: { type: 'string', default: join(import.meta.dirname, '../..', '.guichet') },
  } as const;
  try {
    const { values } = parseArgs({ args, options });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return { ...values, only: values.only?.split(',') };
  } catch (error) {
    throw new StartRefused(`${(error as Error).message}\n\n${USAGE}`);
  }
}

/**
 * Removes everything a stack keeps.
 * @throws StartRefused while a stack runs on it.
 */
export async function removeStackData(directory: string): Promise<void> {
  await lockFolder(directory);
  const postgres = join(directory, 'postgres');
  const home = await realpath(postgres).catch(() => postgres);
  await clearLeftover({ directory: home, data: join(home, 'data') }, () => undefined);
  await removePostgresHome(postgres);
  await rm(directory, { recursive: true, force: true });
}

const LOGINS = [
  ['Administrator', 'admin'],
  ['Organizer', 'organizer'],
  ['Door staff', 'staff'],
] as const;

/** The block that tells where everything is. */
export function describeStack(stack: Stack, seconds: number): string {
  const runs = (name: string) => stack.processes.has(name);
  const line = (name: string, value: string) => `  ${name.padEnd(16)}${value}`;
  return [
    '',
    `Guichet is ready, in ${seconds.toFixed(1)} s.`,
    '',
    line('GraphQL', stack.gatewayUrl),
    line('Subscriptions', stack.gatewayWsUrl),
    line('Playground', `${stack.urls.gateway}/playground`),
    ...(runs('mailbox') ? [line('Mailbox', stack.mailboxUrl)] : []),
    ...(runs('stripe-sandbox') ? [line('Stripe sandbox', stack.stripeSandboxUrl)] : []),
    ...(needsPostgres(stack.given) ? [line('PostgreSQL', stack.databaseUrl('orders'))] : []),
    '',
    ...LOGINS.map(([who, name]) => line(who, `${`${name}@guichet.test`.padEnd(24)}${name}-guichet`)),
    '',
    '  npm run demo    buys tickets and tells each step',
    '  Ctrl-C          stops everything',
    '',
  ].join('\n');
}

/**
 * Calls `stop` at the first SIGINT, SIGTERM or SIGHUP and `kill` at a later one. npm passes Ctrl-C on although the
 * terminal has sent it already, so two within half a second count as one.
 */
export function onStopSignals(stop: () => void, kill: () => void): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (first === undefined) stop();
      else if (performance.now() - first > 500) kill();
      first ??= performance.now();
    });
}
