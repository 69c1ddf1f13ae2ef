/** What the stack consists of: its ports, its environment, its services. */
import { join } from 'node:path';
import { DEVELOPMENT_INTERNAL_SECRET, DEVELOPMENT_WEBHOOK_SECRET } from '#shared/kernel/production.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { DATABASES, QUEUE_DATABASE, SUBGRAPHS } from '../../schema/subgraphs.ts';
import { findFreePort } from '../free-port.ts';
import type { NamedPort } from './lock.ts';

/** Everything that listens: its name in the stack, its purpose, the variable that moves it, and its usual port. */
const PORTS = [
  { name: 'gateway', purpose: 'the gateway', variable: 'GATEWAY_PORT', port: 4000 },
  ...SUBGRAPHS.map(({ name, port }) => ({
    name,
    purpose: `the ${name} subgraph`,
    variable: `${name.toUpperCase()}_PORT`,
    port,
  })),
  { name: 'stripe-sandbox', purpose: 'the Stripe sandbox', variable: 'STRIPE_SANDBOX_PORT', port: 4010 },
  { name: 'mailbox', purpose: "the mailbox's page", variable: 'MAILBOX_HTTP_PORT', port: 1080 },
  { name: 'smtp', purpose: "the mailbox's SMTP", variable: 'MAILBOX_SMTP_PORT', port: 1025 },
  { name: 'postgresql', purpose: 'PostgreSQL', variable: 'POSTGRES_PORT', port: 5434 },
];
export type Ports = Record<string, NamedPort>;

/** The usual ports, moved by their variables, or free ones. */
export async function choosePorts(which: 'default' | 'free', env: Environment): Promise<Ports> {
  const taken = new Set<number>();
  const pickFree = async () => {
    let port = await findFreePort();
    while (taken.has(port)) port = await findFreePort();
    taken.add(port);
    return port;
  };
  const chosen: Ports = {};
  for (const { name, purpose, variable, port } of PORTS)
    chosen[name] = {
      purpose,
      variable,
      port: which === 'free' ? await pickFree() : Number(env[variable] || port),
    };
  return chosen;
}

/** False when the environment brings a PostgreSQL for every database and, for the queues, that or Redis. */
export const needsPostgres = (env: Environment) =>
  DATABASES.some(
    name => !env[`${name.toUpperCase()}_DATABASE_URL`] && !(name === QUEUE_DATABASE && env.REDIS_URL),
  );

/**
 * The one environment of all processes; each reads what concerns it. Ports and addresses are the stack's to choose,
 * all else yields to what `given` says already.
 */
export function stackEnvironment(given: Environment, ports: Ports, directory: string): NodeJS.ProcessEnv {
  const url = (name: string) => `http://127.0.0.1:${ports[name]!.port}`;
  const database = (name: string) => `postgres://guichet:guichet@127.0.0.1:${ports.postgresql!.port}/${name}`;
  const chosen = Object.fromEntries([
    ...Object.values(ports).map(({ variable, port }) => [variable, String(port)]),
    ...SUBGRAPHS.map(({ name }) => [`${name.toUpperCase()}_URL`, url(name)]),
    ['GATEWAY_URL', `http://localhost:${ports.gateway!.port}`],
    ['STRIPE_SANDBOX_WEBHOOK_URL', `${url('payments')}/webhooks/stripe`],
    // With a key of Stripe's own, payments talk to Stripe.
    ...(given.STRIPE_SECRET_KEY ? [] : [['STRIPE_API_URL', url('stripe-sandbox')]]),
  ]);
  const standard = Object.fromEntries([
    ...DATABASES.map(name => [`${name.toUpperCase()}_DATABASE_URL`, database(name)]),
    ['INTERNAL_SECRET', DEVELOPMENT_INTERNAL_SECRET],
    ['STRIPE_WEBHOOK_SECRET', DEVELOPMENT_WEBHOOK_SECRET],
    ['STRIPE_SANDBOX_WEBHOOK_SECRET', DEVELOPMENT_WEBHOOK_SECRET],
    ['STRIPE_SANDBOX_DATA', join(directory, 'stripe-sandbox.json')],
    ['SMTP_URL', `smtp://127.0.0.1:${ports.smtp!.port}`],
    ['MAILBOX_DIRECTORY', join(directory, 'mailbox')],
    ['TICKETS_PUBLIC_URL', `http://localhost:${ports.tickets!.port}`],
    ['INVOICES_PUBLIC_URL', `http://localhost:${ports.invoices!.port}`],
    ['PUBLIC_URL', `http://localhost:${ports.gateway!.port}`],
    ['SEED', 'true'],
    ['DRAIN_DELAY', '0'], // no balancer here that must notice a stop first
    ['NODE_COMPILE_CACHE', join(directory, 'compile-cache')],
  ]);
  const set = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== ''),
  );
  return { ...standard, ...set, ...chosen };
}

export interface Service {
  name: string;
  file: string;
  nodeArgs: string[];
  readyUrl: string;
  /** Answers 503 when it needs a restart. */
  healthUrl?: string;
  /** A need of PostgreSQL delays its start until that runs. */
  needs: 'postgresql' | 'nothing';
  /** Lower stages stop first. */
  stage: number;
  /** Hold the code that it loads. */
  folders: string[];
}

/** The services that the environment asks for, from the folder of the clone. */
export function stackServices(env: Environment, ports: Ports): Service[] {
  const root = join(import.meta.dirname, '../..');
  const service = (
    name: string,
    file: string,
    stage: number,
    folders: string[],
    more: Partial<Service> = {},
  ): Service => ({
    name,
    file: join(root, file),
    folders: folders.map(folder => join(root, folder)),
    nodeArgs: ['--max-semi-space-size=64'],
    readyUrl: `http://127.0.0.1:${ports[name]!.port}/ready`,
    needs: 'nothing',
    stage,
    ...more,
  });
  const sandbox = { nodeArgs: [], readyUrl: `http://127.0.0.1:${ports['stripe-sandbox']!.port}/health` };
  return [
    service('gateway', 'gateway/main.ts', 1, ['gateway', 'subgraphs/shared/kernel', 'schema']),
    ...SUBGRAPHS.map(({ name }) =>
      service(name, `subgraphs/${name}/server.ts`, 2, [`subgraphs/${name}`, 'subgraphs/shared', 'schema'], {
        needs: 'postgresql',
        healthUrl: `http://127.0.0.1:${ports[name]!.port}/health`,
      }),
    ),
    ...(env.STRIPE_SECRET_KEY
      ? []
      : [
          service(
            'stripe-sandbox',
            'dev/stripe-sandbox/server.ts',
            3,
            ['dev/stripe-sandbox', 'subgraphs/shared/kernel', 'schema'],
            sandbox,
          ),
        ]),
    ...(env.SMTP_URL
      ? []
      : [
          service(
            'mailbox',
            'dev/mailbox/mailbox.ts',
            3,
            ['dev/mailbox', 'subgraphs/shared/kernel', 'schema'],
            {
              nodeArgs: [],
            },
          ),
        ]),
  ];
}
