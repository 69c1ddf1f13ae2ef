import { z } from 'zod';

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

/** The kinds of settings. A `secret` and a `url` have working defaults in development and none in production. */
export function kinds(env: Environment) {
  const production = env.NODE_ENV === 'production';
  const required = <T extends z.ZodType<string>>(type: T, development: z.input<T>) =>
    production ? type : type.default(development as never);
  return {
    production,
    port: (development: number) => z.coerce.number().int().min(0).max(65535).default(development),
    number: (standard: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
      z.coerce.number().int().min(min).max(max).default(standard),
    text: (standard: string) => z.string().default(standard),
    choice: <const T extends readonly [string, ...string[]]>(values: T, standard: T[number]) =>
      z.enum(values).default(standard as never),
    flag: (standard: boolean) =>
      z
        .enum(['true', 'false', '1', '0', ''])
        .default(standard ? 'true' : 'false')
        .transform(value => value === 'true' || value === '1'),
    url: (development: string) => required(z.url(), development),
    optionalUrl: () => z.url().optional(),
    secret: (development: string) =>
      required(z.string().min(16, 'needs at least 16 characters'), development),
  };
}
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
  const parsed = z.object(shape(kinds(env))).safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(
    program,
    parsed.error.issues.map(issue => {
      const name = String(issue.path[0]);
      return given[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
    }),
  );
}

/** Settings that every subgraph process has, beside its own. */
export interface SubgraphSettings {
  name: string;
  production: boolean;
  port: number;
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

/** Shared by the gateway and the subgraphs: passports are signed with it. */
export const DEVELOPMENT_INTERNAL_SECRET = 'guichet-development-internal-secret';

/**
 * Reads a subgraph's settings: `<NAME>_PORT`, `<NAME>_DATABASE_URL`, the queue backend, and its own `extra` ones.
 * @throws ConfigurationError naming each missing or wrong setting.
 */
export function readSubgraphSettings<S extends z.ZodRawShape>(
  name: string,
  port: number,
  env: Environment,
  extra: (kinds: Kinds) => S,
): SubgraphSettings & z.infer<z.ZodObject<S>> {
  const PORT = `${name.toUpperCase()}_PORT`;
  const DATABASE_URL = `${name.toUpperCase()}_DATABASE_URL`;
  const settings: Record<string, unknown> = readSettings(name, env, k => ({
    [PORT]: k.port(port),
    [DATABASE_URL]: k.url(`postgres://guichet:guichet@127.0.0.1:5434/${name}`),
    REDIS_URL: k.optionalUrl(),
    JOBS_DATABASE_URL: env.REDIS_URL
      ? k.optionalUrl()
      : k.url('postgres://guichet:guichet@127.0.0.1:5434/jobs'),
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
