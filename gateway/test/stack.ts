import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { type Client, createClient } from 'graphql-ws';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { ACCESS_TOKEN, type Viewer, viewerClaims } from '#shared/kernel/passport.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { type Gateway, startGateway } from '../server.ts';
import { createShop } from './shop.ts';
import { type StandIn, startStandIn } from './subgraph.ts';

export const ADA: Viewer = {
  id: 'ada',
  role: 'CUSTOMER',
  permissions: [],
  email: 'ada@guichet.test',
  displayName: 'Ada',
  locale: 'en',
};

export interface Answer {
  status: number;
  headers: Headers;
  body: {
    // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
    data?: any;
    errors?: { message: string; path?: unknown; extensions: Record<string, unknown> }[];
  };
  text: string;
}

/** A gateway before stand-ins of users, orders and payments. */
export async function startStack(env: Environment = {}) {
  const { shop, definitions } = createShop();
  const { publicKey, privateKey } = await generateKeyPair(ACCESS_TOKEN.algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: ACCESS_TOKEN.algorithm, use: 'sig' };
  let keyDownloads = 0;
  const keys = {
    '/.well-known/jwks.json': (res: import('node:http').ServerResponse) => {
      keyDownloads++;
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    },
  };
  const users = await startStandIn({ ...definitions.users, routes: keys });
  const orders = await startStandIn(definitions.orders);
  const payments = await startStandIn(definitions.payments);
  const standIns: Record<string, StandIn> = { users, orders, payments };

  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  const supergraph = join(folder, 'supergraph.graphql');
  const { supergraphSdl, errors } = composeServices(
    Object.entries(definitions).map(([name, { typeDefs }]) => ({ name, typeDefs, url: '' })),
  );
  if (!supergraphSdl) throw new Error(errors?.join('\n'));
  writeFileSync(supergraph, supergraphSdl);

  const settings = {
    GATEWAY_PORT: '0',
    LOG_LEVEL: 'silent',
    SUPERGRAPH: supergraph,
    SUBGRAPH_TIMEOUT: '1000',
    ...Object.fromEntries(
      Object.entries(standIns).map(([name, { url }]) => [`${name.toUpperCase()}_URL`, url]),
    ),
    ...env,
  };
  const gateway = await startGateway(settings);
  const clients: Client[] = [];

  return {
    gateway,
    settings,
    shop,
    users,
    orders,
    payments,
    jwk,
    privateKey,
    keyDownloads: () => keyDownloads,
    signToken,
    ask: (query: string, options: AskOptions = {}) => ask(gateway, query, options),
    /** A client of live operations, closed with the stack. */
    connect(token?: string, params: Record<string, unknown> = {}): Client {
      const client = createClient({
        url: gateway.wsUrl,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { ...(token && { authorization: `Bearer ${token}` }), ...params },
      });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) await Promise.resolve(client.dispose()).catch(() => {});
      await gateway.stop();
      for (const standIn of Object.values(standIns)) await standIn.kill();
      rmSync(folder, { recursive: true });
    },
  };

  /** An access token, valid unless something else is asked for. */
  function signToken({
    claims = {},
    header = {},
    viewer = ADA,
    expiresIn = '10m',
    key = privateKey,
  }: TokenOptions = {}) {
    return new SignJWT({ ...viewerClaims(viewer), ...claims })
      .setProtectedHeader({ alg: ACCESS_TOKEN.algorithm, kid: 'key-1', ...header })
      .setSubject(viewer.id)
      .setIssuer((claims.iss as string) ?? ACCESS_TOKEN.issuer)
      .setAudience((claims.aud as string) ?? ACCESS_TOKEN.audience)
      .setExpirationTime(expiresIn)
      .sign(key);
  }
}

export type Stack = Awaited<ReturnType<typeof startStack>>;

interface TokenOptions {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  viewer?: Viewer;
  expiresIn?: string | Date;
  key?: Parameters<SignJWT['sign']>[0];
}

interface AskOptions {
  token?: string;
  variables?: Record<string, unknown>;
  operationName?: string;
  headers?: Record<string, string>;
}

async function ask(
  gateway: Gateway,
  query: string,
  { token, headers, ...rest }: AskOptions,
): Promise<Answer> {
  return send(gateway, '/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, ...rest }),
  });
}

/** Any request to the gateway; the body is parsed when it is JSON. */
export async function send(gateway: Gateway, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(gateway.url + path, init);
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : {} };
}

/** Waits until something holds, looking every few milliseconds; fails after `limit` milliseconds. */
export async function until<T>(
  what: string,
  holds: () => T | Promise<T>,
  limit = 5_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + limit;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Not within ${limit} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** Sets this process's clock forward; returns what sets it right again. */
export function shiftClock(milliseconds: number): () => void {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    static override now = () => RealDate.now() + milliseconds;
    constructor(...given: [] | [number | string | Date]) {
      super(given.length > 0 ? given[0]! : RealDate.now() + milliseconds);
    }
  } as DateConstructor;
  return () => {
    globalThis.Date = RealDate;
  };
}
