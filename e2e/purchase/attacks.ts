/** Requests that only an attacker sends. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SUBGRAPHS } from '../../schema/subgraphs.ts';
import type { TestStack } from '../world.ts';

/** Operations that subgraphs answer only to their gateway. */
const INTERNAL = [
  '{ _service { sdl } }',
  '{ _entities(representations: []) { __typename } }',
  '{ __typename }',
];

/**
 * Asks every subgraph directly, bypassing the gateway: without a passport, with a forged one, and with a client's own
 * token. Returns the HTTP statuses and close codes of the answers, without repetitions.
 */
export async function passTheGateway({ urls }: TestStack, token: string) {
  const credentials: Record<string, string>[] = [
    {},
    { 'x-guichet-passport': 'forged' },
    { 'x-guichet-passport': token, authorization: `Bearer ${token}` },
  ];
  const answers: Record<string, (number | string)[]> = {};
  for (const { name } of SUBGRAPHS) {
    const seen = new Set<number | string>();
    for (const headers of credentials) {
      for (const query of INTERNAL) {
        const response = await fetch(`${urls[name]}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query }),
        });
        seen.add(response.status);
        if ('data' in ((await response.json()) as object)) seen.add('data');
      }
      const socket = new WebSocket(`${urls[name]!.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      const closed = once(socket, 'close');
      await once(socket, 'open');
      const payload = { passport: headers['x-guichet-passport'], ...headers };
      socket.send(JSON.stringify({ type: 'connection_init', payload }));
      const [code] = await closed;
      seen.add(code);
    }
    answers[name] = [...seen];
  }
  return answers;
}

/** The error that a client gets, and its correlation id, when a table of a subgraph is missing for a moment. */
export async function askWithoutTable(
  { sql, gatewayUrl }: TestStack,
  [database, table]: [string, string],
  { query, token, correlationId }: { query: string; token: string; correlationId: string },
) {
  await sql(database, `alter table ${table} rename to ${table}_away`);
  try {
    const response = await fetch(gatewayUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'x-correlation-id': correlationId,
      },
      body: JSON.stringify({ query }),
    });
    return await response.text();
  } finally {
    await sql(database, `alter table ${table}_away rename to ${table}`);
  }
}
