import { isIP } from 'node:net';
import { z } from 'zod';
import { localUrlOf, portOf, QUEUE_DATABASE, type SubgraphName } from '#schema/subgraphs.ts';
import { LOOPBACK } from './listen.ts';
import {
  DEVELOPMENT_DATABASE_PASSWORD,
  DEVELOPMENT_INTERNAL_SECRET,
  databaseFault,
  SHORTEST_SECRET,
  secretFault,
} from './production.ts';

export { DEVELOPMENT_INTERNAL_SECRET };

/** What is wrong with the configuration: every fault at once, so that one restart is enough to mend it. */
export class ConfigurationError extends Error {
  constructor(program: string, faults: string[]) {
    super(
      `${program} cannot start, ${faults.length} setting(s) need attention:\n${faults.map(f => `  - ${f}`).join('\n')}`,
    );
    this.name = 'ConfigurationError';
  }
}

export type Environment = Record<string, string | undefined>;

/** The reason for which production refuses a value, or undefined. */
type Fault = (value: string) => string | undefined;

/**
 * The kinds of settings. A `secret`, a `url` and an `own` text have working defaults in development and none in
 * production, where their `fault` says what is refused.
 */
export function kinds(env: Environment) {
  const production = env.NODE_ENV === 'production';
  const required = (type: z.ZodType<string>, development: string, fault?: Fault) =>
    production ? (fault ? unless(fault, type) : type) : type.default(development);
  return {
    production,
    port: (development: number) => port.default(development),
    optionalPort: () => port.optional(),
    /** The address to listen on. Development keeps to this machine; production takes every address by default. */
    host: (standard = production ? undefined : LOOPBACK) =>
      z
        .string()
        .refine(value => value === LOOPBACK || isIP(value) > 0, `is neither an IP address nor ${LOOPBACK}`)
        .optional()
        .transform(value => value ?? standard),
    number: (standard: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
      z.coerce.number().int().min(min).max(max).default(standard),
    text: (standard: string) => z.string().default(standard),
    choice: <const T extends readonly [string, ...string[]]>(values: T, standard: T[number]) =>
      z.enum(values).default(standard),
    flag,
    /** A flag that production refuses for the reason `why`. */
    developmentFlag: (why: string) => flag(false).refine(on => !(on && production), why),
    url: (development: string, fault?: Fault) => required(z.url(), development, fault),
    /** Where the gateway or a subgraph reaches another one. */
    subgraphUrl: (name: SubgraphName) => required(z.url(), localUrlOf(name)),
    optionalUrl: (fault?: Fault) => (production && fault ? unless(fault, z.url()) : z.url()).optional(),
    own: (development: string, fault?: Fault) => required(z.string(), development, fault),
    secret: (development: string, fault: Fault = secretFault) =>
      required(production ? z.string() : z.string().min(SHORTEST_SECRET), development, fault),
  };
}

const flag = (standard: boolean) =>
  z
    .enum(['true', 'false', '1', '0', ''])
    .default(standard ? 'true' : 'false')
    .transform(value => value === 'true' || value === '1');

const port = z.coerce.number().int().min(0).max(65535);

const unless = <T extends z.ZodType<string>>(fault: Fault, type: T) =>
  type.superRefine((value, context) => {
    const reason = fault(value);
    if (reason) context.addIssue(reason);
  });
export type Kinds = ReturnType<typeof kinds>;

/**
 * Reads every setting of a program once.
 *
 * An empty variable counts as unset, as in Compose files.
 * @throws ConfigurationError naming each missing or wrong setting.
 */
export function readSettings<S extends z.ZodRawShape>(
  program: string,
  env: Environment,
  shape: (kinds: Kinds) => S,
): z.infer<z.ZodObject<S>> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  // A misspelled `production` must not start a system for development.
  const all = z.object({ NODE_ENV: z.enum(ENVIRONMENTS).optional() }).and(z.object(shape(kinds(env))));
  const parsed = all.safeParse(given);
  if (parsed.success) return parsed.data;
  // The first fault of a setting says what to do; those that follow from it would only be counted as well.
  const faults = new Map<string, string>();
  for (const { path, message } of parsed.error.issues) {
    const name = String(path[0]);
    const fault = given[name] === undefined ? `${name} is missing` : `${name}: ${message}`;
    if (!faults.has(name)) faults.set(name, fault);
  }
  throw new ConfigurationError(program, [...faults.values()]);
}

const ENVIRONMENTS = ['production', 'development', 'test'] as const;

/** On the embedded PostgreSQL. */
const localDatabase = (name: string) =>
  `postgres://guichet:${DEVELOPMENT_DATABASE_PASSWORD}@127.0.0.1:5434/${name}`;

/** Settings that every subgraph process has, beside its own. */
export interface SubgraphSettings {
  name: SubgraphName;
  production: boolean;
  port: number;
  /** The address to listen on, as `listen` takes it. */
  host: string | undefined;
  /** Where the plain routes, and nothing else, are served to the outside. */
  publicPort: number | undefined;
  databaseUrl: string;
  /** PostgreSQL database of the queues; used while `redisUrl` is not set. */
  jobsDatabaseUrl: string;
  redisUrl: string | undefined;
  /** Before every key in Redis. A hash tag (`{guichet}`) keeps them on one node of a cluster. */
  queuePrefix: string;
  internalSecret: string;
  /** `on`: API and workers in this process; `off`: API alone; `only`: workers alone (health and metrics still answer). */
  workers: 'on' | 'off' | 'only';
  /** GraphQL requests that are executed at a time; others wait in line. 0: any number. */
  concurrency: number;
  logLevel: string;
}

/**
 * Reads a subgraph's settings: `<NAME>_PORT`, `<NAME>_DATABASE_URL`, the queue backend, and its own `extra` ones.
 * @throws ConfigurationError naming each missing or wrong setting.
 */
export function readSubgraphSettings<S extends z.ZodRawShape>(
  name: SubgraphName,
  env: Environment,
  extra: (kinds: Kinds) => S,
): SubgraphSettings & z.infer<z.ZodObject<S>> {
  const PORT = `${name.toUpperCase()}_PORT`;
  const PUBLIC_PORT = `${name.toUpperCase()}_PUBLIC_PORT`;
  const DATABASE_URL = `${name.toUpperCase()}_DATABASE_URL`;
  const settings: Record<string, unknown> = readSettings(name, env, k => ({
    [PORT]: k.port(portOf(name)),
    [PUBLIC_PORT]: k.optionalPort(),
    HOST: k.host(),
    [DATABASE_URL]: k.url(localDatabase(name), databaseFault),
    REDIS_URL: k.optionalUrl(),
    JOBS_DATABASE_URL: env.REDIS_URL ? k.optionalUrl() : k.url(localDatabase(QUEUE_DATABASE), databaseFault),
    QUEUE_PREFIX: k.text('{guichet}'),
    INTERNAL_SECRET: k.secret(DEVELOPMENT_INTERNAL_SECRET),
    WORKERS: k.choice(['on', 'off', 'only'], 'on'),
    SUBGRAPH_CONCURRENCY: k.number(64),
    LOG_LEVEL: k.choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
    ...extra(k),
  }));
  return {
    ...(settings as z.infer<z.ZodObject<S>>),
    name,
    production: env.NODE_ENV === 'production',
    port: settings[PORT] as number,
    host: settings.HOST as string | undefined,
    publicPort: settings[PUBLIC_PORT] as number | undefined,
    databaseUrl: settings[DATABASE_URL] as string,
    jobsDatabaseUrl: (settings.JOBS_DATABASE_URL as string | undefined) ?? '',
    redisUrl: settings.REDIS_URL as string | undefined,
    queuePrefix: settings.QUEUE_PREFIX as string,
    internalSecret: settings.INTERNAL_SECRET as string,
    workers: settings.WORKERS as SubgraphSettings['workers'],
    concurrency: settings.SUBGRAPH_CONCURRENCY as number,
    logLevel: settings.LOG_LEVEL as string,
  };
}
