import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  DEVELOPMENT_INTERNAL_SECRET,
  type Environment,
  type Kinds,
  readSettings,
} from '#shared/kernel/settings.ts';
import { SUBGRAPH_NAMES } from '../schema/subgraphs.ts';
import type { ConcurrencyOptions } from './pipeline/limits/concurrency-limit.ts';

export interface GatewaySettings {
  production: boolean;
  /** 0 takes a free port. */
  port: number;
  /** The address to listen on, as `listen` takes it. */
  host: string | undefined;
  /** Path of the composed schema. */
  supergraph: string;
  /** `guichet`: tokens are verified and passports issued; `none`: `authorization` goes on to the subgraphs as it is. */
  identity: 'guichet' | 'none';
  /** Base address of each of our own subgraphs by name; its API is at `/graphql` below it. */
  subgraphs: Record<string, string>;
  /** Whole address of the API of any other subgraph by name, before the one in the supergraph. */
  subgraphUrls: Record<string, string>;
  /** Signs the passports that subgraphs trust. */
  internalSecret: string;
  /** Where access tokens' public keys are published. */
  jwksUrl: string;
  /** Milliseconds that subgraphs may take for an operation before their parts of the answer are given up. */
  subgraphTimeout: number;
  /** How many operations are executed at a time; `most` 0: any number. */
  concurrency: Pick<ConcurrencyOptions, 'most' | 'least' | 'targetMs' | 'patienceMs'>;
  /** Bytes of a subgraph's answer. */
  responseLimit: number;
  /** Failures in a row after which a subgraph is left alone (0: never), and for how many milliseconds. */
  breaker: { failures: number; pause: number };
  /** Origins of foreign pages that may call; `*` is any. The gateway's own origin always may. */
  corsOrigins: string[];
  introspection: boolean;
  /** Cost of an operation, counted in fields; 0 is any. */
  maxCost: number;
  /** Operations per minute of a viewer or, signed out, of an address; 0 is any number. */
  rateLimit: number;
  /** Attempts to sign in or to register per minute and address; 0 is any number. */
  loginRateLimit: number;
  /** Event streams of a viewer or, signed out, of an address that are open at a time; 0 is any number. */
  streamLimit: number;
  /** Whether the proxy in front says in X-Forwarded-For whose request it is. */
  trustProxy: boolean;
  /** Shares rate limits and persisted queries between gateways; each has its own without it. */
  redisUrl: string | undefined;
  /** Before every key in Redis. */
  redisPrefix: string;
  /** Megabytes of parsed and validated operations that are kept. */
  documentCache: number;
  /** Who executes query plans: our own executor, or @apollo/gateway's to compare with. */
  executor: 'own' | 'stock';
  /** Query plans that are kept. */
  planCache: number;
  /** Automatic persisted queries that are kept; 0 turns the protocol off. */
  persistedQueries: number;
  /** `allow`: operations of the file may be called by their hash; `only`: no other is answered. */
  trustedDocuments: 'off' | 'allow' | 'only';
  /** Path of the JSON manifest `{ hash: document }`. */
  trustedDocumentsFile: string;
  /** Milliseconds between answering "not ready" and accepting no more, so that a balancer notices first. */
  drainDelay: number;
  logLevel: string;
}

/**
 * Reads the gateway's settings.
 * @throws ConfigurationError naming each missing or wrong setting.
 */
export function readGatewaySettings(env: Environment): GatewaySettings {
  const foreign = env.IDENTITY === 'none';
  const read = readSettings('gateway', env, k => ({
    ...(foreign ? {} : ownSubgraphs(k)),
    ...common(k, env, foreign),
  }));
  const own = read as Record<string, unknown>;
  const subgraphs = Object.fromEntries(
    foreign ? [] : SUBGRAPH_NAMES.map(name => [name, String(own[urlSetting(name)]).replace(/\/+$/, '')]),
  );
  return {
    production: env.NODE_ENV === 'production',
    port: read.GATEWAY_PORT,
    host: read.HOST,
    supergraph: read.SUPERGRAPH,
    identity: read.IDENTITY as GatewaySettings['identity'],
    subgraphs,
    subgraphUrls: read.SUBGRAPH_URLS,
    internalSecret: foreign ? '' : String(own.INTERNAL_SECRET),
    jwksUrl: `${subgraphs.users}/.well-known/jwks.json`,
    subgraphTimeout: read.SUBGRAPH_TIMEOUT,
    concurrency: {
      most: read.GATEWAY_CONCURRENCY,
      least: Math.min(read.GATEWAY_CONCURRENCY_MIN, read.GATEWAY_CONCURRENCY),
      targetMs: read.LATENCY_TARGET,
      // An operation that has waited must still be answered within the time-out.
      patienceMs: Math.ceil(read.SUBGRAPH_TIMEOUT / 4),
    },
    responseLimit: read.SUBGRAPH_RESPONSE_LIMIT,
    breaker: { failures: read.BREAKER_FAILURES, pause: read.BREAKER_PAUSE },
    corsOrigins: read.CORS_ORIGINS.split(/[\s,]+/).filter(Boolean),
    introspection: read.INTROSPECTION,
    maxCost: read.MAX_COST,
    rateLimit: read.RATE_LIMIT,
    loginRateLimit: read.LOGIN_RATE_LIMIT,
    streamLimit: read.STREAM_LIMIT,
    trustProxy: read.TRUST_PROXY,
    redisUrl: read.REDIS_URL,
    redisPrefix: read.QUEUE_PREFIX,
    documentCache: read.DOCUMENT_CACHE,
    executor: read.EXECUTOR as GatewaySettings['executor'],
    planCache: read.PLAN_CACHE,
    persistedQueries: read.PERSISTED_QUERIES,
    trustedDocuments: read.TRUSTED_DOCUMENTS as GatewaySettings['trustedDocuments'],
    trustedDocumentsFile: read.TRUSTED_DOCUMENTS_FILE,
    drainDelay: read.DRAIN_DELAY,
    logLevel: read.LOG_LEVEL,
  };
}

const common = (k: Kinds, env: Environment, foreign: boolean) => ({
  GATEWAY_PORT: k.port(4000),
  HOST: k.host(),
  SUPERGRAPH: k.text(fileURLToPath(new URL('../schema/supergraph.graphql', import.meta.url))),
  IDENTITY: k.choice(['guichet', 'none'], 'guichet'),
  SUBGRAPH_URLS: addresses,
  SUBGRAPH_TIMEOUT: k.number(10_000, { min: 1, max: 600_000 }),
  // How long a foreign supergraph usually takes is unknown.
  GATEWAY_CONCURRENCY: k.number(foreign ? 0 : 1_000),
  GATEWAY_CONCURRENCY_MIN: k.number(32, { min: 1 }),
  LATENCY_TARGET: k.number(1_000, { min: 1, max: 600_000 }),
  SUBGRAPH_RESPONSE_LIMIT: k.number(20_000_000, { min: 1_000 }),
  BREAKER_FAILURES: k.number(10),
  BREAKER_PAUSE: k.number(1_000, { min: 1, max: 600_000 }),
  CORS_ORIGINS: k.text(k.production ? '' : '*'),
  INTROSPECTION: k.flag(!k.production),
  // What is expensive in a foreign supergraph is unknown.
  MAX_COST: k.number(foreign ? 0 : 10_000),
  RATE_LIMIT: k.number(k.production ? 1_200 : 0),
  LOGIN_RATE_LIMIT: k.number(k.production ? 30 : 0),
  STREAM_LIMIT: k.number(200),
  TRUST_PROXY: k.flag(false),
  REDIS_URL: k.optionalUrl(),
  QUEUE_PREFIX: k.text('{guichet}'),
  DOCUMENT_CACHE: k.number(32, { min: 1, max: 4_096 }),
  EXECUTOR: k.choice(['own', 'stock'], 'own'),
  PLAN_CACHE: k.number(1_000, { min: 1 }),
  PERSISTED_QUERIES: k.number(2_000),
  TRUSTED_DOCUMENTS: k.choice(['off', 'allow', 'only'], 'off'),
  TRUSTED_DOCUMENTS_FILE: ['allow', 'only'].includes(env.TRUSTED_DOCUMENTS ?? '') ? z.string() : k.text(''),
  DRAIN_DELAY: k.number(500, { max: 60_000 }),
  LOG_LEVEL: k.choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
});

const ownSubgraphs = (k: Kinds) => ({
  ...Object.fromEntries(SUBGRAPH_NAMES.map(name => [urlSetting(name), k.subgraphUrl(name)])),
  INTERNAL_SECRET: k.secret(DEVELOPMENT_INTERNAL_SECRET),
});

/** A JSON object of names and addresses. */
const addresses = z
  .string()
  .default('{}')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.url()));

const urlSetting = (subgraph: string) => `${subgraph.toUpperCase()}_URL`;
