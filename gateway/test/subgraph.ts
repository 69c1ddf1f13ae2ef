import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { DocumentNode } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { PASSPORT_HEADER, readPassport, type Viewer } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';

export interface SubgraphContext {
  viewer: Viewer | null;
}

/** What a stand-in does instead of answering. */
export type Fault = 'none' | 'hang' | 'html' | 'html 502' | 'not ready';

export interface StandIn {
  url: string;
  /** Headers and bodies of the GraphQL requests received. */
  requests: { headers: IncomingMessage['headers']; body: { query: string } }[];
  /** What each WebSocket brought in its connection_init. */
  inits: Record<string, unknown>[];
  /** Open WebSockets. */
  sockets(): number;
  fault: Fault;
  /** Requests that were left without an answer. */
  hanging: number;
  /** Requests whose sender left before it had an answer. */
  abandoned: number;
  /** Cuts every connection at once, as a killed process does. */
  kill(): Promise<void>;
  /** Serves again, on the same port. */
  start(): Promise<void>;
}

interface Definition {
  typeDefs: DocumentNode;
  resolvers: object;
  routes?: Record<string, (res: ServerResponse) => void>;
  /** Lets everybody in, and knows neither passports nor `/ready`. */
  foreign?: boolean;
}

/** A subgraph in memory, over real HTTP and WebSocket, that lets nobody in without a passport unless it is foreign. */
export async function startStandIn({
  typeDefs,
  resolvers,
  routes = {},
  foreign = false,
}: Definition): Promise<StandIn> {
  const schema = buildSubgraphSchema({ typeDefs, resolvers: resolvers as never });
  const apollo = new ApolloServer<SubgraphContext>({
    schema,
    nodeEnv: 'test',
    csrfPrevention: false,
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginInlineTraceDisabled()],
  });
  await apollo.start();
  let server: Server | undefined;
  let sockets: WebSocketServer | undefined;
  let port = 0;

  const standIn: StandIn = {
    url: '',
    requests: [],
    inits: [],
    fault: 'none',
    hanging: 0,
    abandoned: 0,
    sockets: () => sockets?.clients.size ?? 0,
    start,
    async kill() {
      const closed = new Promise(resolve => server!.close(resolve));
      for (const socket of sockets!.clients) socket.terminate();
      server!.closeAllConnections();
      await closed;
    },
  };

  async function start() {
    server = createServer((req, res) => void respond(req, res));
    sockets = new WebSocketServer({ server, path: '/graphql' });
    useServer<Record<string, unknown>, { viewer?: Viewer | null }>(
      {
        schema,
        async onConnect({ connectionParams = {}, extra }) {
          standIn.inits.push(connectionParams);
          extra.viewer = await readPassport(connectionParams.passport as string, DEVELOPMENT_INTERNAL_SECRET);
          return foreign || extra.viewer !== undefined;
        },
        context: ({ extra }) => ({ viewer: extra.viewer ?? null }),
      },
      sockets,
    );
    await new Promise<void>(resolve => server!.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    standIn.url = `http://127.0.0.1:${port}`;
  }

  async function respond(req: IncomingMessage, res: ServerResponse) {
    const route = routes[req.url ?? ''];
    if (route) return route(res);
    if (req.url === '/ready' && !foreign)
      return res.writeHead(standIn.fault === 'not ready' ? 503 : 200).end();
    if (standIn.fault === 'hang') {
      standIn.hanging++;
      res.once('close', () => standIn.abandoned++);
      return;
    }
    if (standIn.fault.startsWith('html')) {
      res.writeHead(standIn.fault === 'html' ? 200 : 502, { 'content-type': 'text/html' });
      return res.end('<html><body>Bad gateway at 10.1.2.3, secret-banner</body></html>');
    }
    const viewer = await readPassport(req.headers[PASSPORT_HEADER] as string, DEVELOPMENT_INTERNAL_SECRET);
    if (viewer === undefined && !foreign)
      return res.writeHead(401).end('{"errors":[{"message":"no passport"}]}');
    let text = '';
    for await (const chunk of req) text += chunk;
    const body = JSON.parse(text);
    standIn.requests.push({ headers: req.headers, body });
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: 'POST',
        headers: new HeaderMap([['content-type', 'application/json']]),
        search: '',
        body,
      },
      context: async () => ({ viewer: viewer ?? null }),
    });
    res.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    res.end(answer.body.kind === 'complete' ? answer.body.string : '');
  }

  await start();
  return standIn;
}
