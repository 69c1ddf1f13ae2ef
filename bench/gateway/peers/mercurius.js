/** Mercurius with its gateway, compiling operations from their first use. */
import gateway from '@mercuriusjs/gateway';
import fastify from 'fastify';

const app = fastify();
app.register(gateway, {
  jit: 1,
  path: '/graphql',
  gateway: {
    services: Object.entries(JSON.parse(process.env.SUBGRAPH_URLS)).map(([name, url]) => ({
      name,
      url,
      rewriteHeaders: ({ authorization }) => (authorization ? { authorization } : {}),
    })),
  },
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
