/**
 * The four subgraphs in one process. An answer is computed once and remembered by the request's body, so that the time
 * of the gateway is measured and not that of the subgraphs.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, graphql } from 'graphql';
import { SUBGRAPHS } from './world.ts';

const REMEMBERED = 10_000;
let fetches = 0;

async function serve(name: keyof typeof SUBGRAPHS): Promise<string> {
  const schema = buildSubgraphSchema(SUBGRAPHS[name] as Parameters<typeof buildSubgraphSchema>[0]);
  const known = new Map<string, Buffer>();

  async function answer(req: IncomingMessage, res: ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    fetches++;
    const body = Buffer.concat(chunks).toString();
    let text = known.get(body);
    if (!text) {
      text = await compute(schema, body);
      if (known.size >= REMEMBERED) known.clear();
      known.set(body, text);
    }
    // The headers that the gateway forwards must arrive, or the bench would measure something else. `_service` is asked
    // at the start.
    const forwarded = req.headers.authorization?.startsWith('Bearer ') || body.includes('_service');
    res.writeHead(forwarded ? 200 : 401, {
      'content-type': 'application/json',
      'content-length': forwarded ? text.length : 0,
    });
    res.end(forwarded ? text : undefined);
  }

  const server = createServer((req, res) => void answer(req, res));
  // A gateway may be idle for minutes until its next turn.
  server.keepAliveTimeout = 0;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

async function compute(schema: GraphQLSchema, body: string): Promise<Buffer> {
  const { query: source, variables: variableValues } = JSON.parse(body);
  return Buffer.from(JSON.stringify(await graphql({ schema, source, variableValues })));
}

const names = Object.keys(SUBGRAPHS) as (keyof typeof SUBGRAPHS)[];
const urls = Object.fromEntries(
  await Promise.all(names.map(async name => [name, await serve(name)] as [string, string])),
);
const { supergraphSdl, errors } = composeServices(
  names.map(name => ({ name, url: urls[name]!, typeDefs: SUBGRAPHS[name].typeDefs })),
);
if (!supergraphSdl) throw new Error(errors?.join('\n'));

process.on('message', () => process.send!({ fetches }));
process.on('disconnect', () => process.exit(0));
process.send!({ urls, supergraphSdl });
