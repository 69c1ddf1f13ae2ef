import { fileURLToPath } from 'node:url';
import { DEVELOPMENT_INTERNAL_SECRET, type Environment, readSettings } from '#shared/env.ts';
import { SUBGRAPHS } from '../schema/read.ts';

export interface GatewaySettings {
  production: boolean;
  /** 0 takes a free port. */
  port: number;
  /** Base address of each subgraph by name; its API is at `/graphql` below it. */
  subgraphs: Record<string, string>;
  /** Signs the passports that subgraphs trust. */
  internalSecret: string;
  /** Where access tokens' public keys are published. */
  jwksUrl: string;
  /** Milliseconds a subgraph may take to answer before its part of the answer is given up. */
  subgraphTimeout: number;
  /** Origins of foreign pages that may call; `*` is any. The gateway's own origin always may. */
  corsOrigins: string[];
  introspection: boolean;
  /** Path of the composed schema. */
  supergraph: string;
  /** Milliseconds between saying "not ready" and closing the door, so that a balancer notices first. */
  drainDelay: number;
  logLevel: string;
}

/**
 * Reads the gateway's settings.
 * @throws ConfigurationError naming each missing or wrong setting.
 */
export function readGatewaySettings(env: Environment): GatewaySettings {
  const production = env.NODE_ENV === 'production';
  const settings: Record<string, unknown> = readSettings('gateway', env, k => ({
    GATEWAY_PORT: k.port(4000),
    ...Object.fromEntries(
      SUBGRAPHS.map(({ name, port }) => [urlSetting(name), k.url(`http://127.0.0.1:${port}`)]),
    ),
    INTERNAL_SECRET: k.secret(DEVELOPMENT_INTERNAL_SECRET),
    SUBGRAPH_TIMEOUT: k.number(10_000, { min: 1, max: 600_000 }),
    CORS_ORIGINS: k.text(production ? '' : '*'),
    INTROSPECTION: k.flag(!production),
    SUPERGRAPH: k.text(fileURLToPath(new URL('../schema/supergraph.graphql', import.meta.url))),
    DRAIN_DELAY: k.number(500, { max: 60_000 }),
    LOG_LEVEL: k.choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  }));
  const subgraphs = Object.fromEntries(
    SUBGRAPHS.map(({ name }) => [name, (settings[urlSetting(name)] as string).replace(/\/+$/, '')]),
  );
  return {
    production,
    port: settings.GATEWAY_PORT as number,
    subgraphs,
    internalSecret: settings.INTERNAL_SECRET as string,
    jwksUrl: `${subgraphs.users}/.well-known/jwks.json`,
    subgraphTimeout: settings.SUBGRAPH_TIMEOUT as number,
    corsOrigins: (settings.CORS_ORIGINS as string).split(/[\s,]+/).filter(Boolean),
    introspection: settings.INTROSPECTION as boolean,
    supergraph: settings.SUPERGRAPH as string,
    drainDelay: settings.DRAIN_DELAY as number,
    logLevel: settings.LOG_LEVEL as string,
  };
}

const urlSetting = (subgraph: string) => `${subgraph.toUpperCase()}_URL`;
