import type { Environment } from '#shared/env.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { readTicketsSettings } from './env.ts';
import { Event } from './event.entity.ts';
import { handlers } from './handlers.ts';
import { renderTickets } from './jobs/render-tickets.ts';
import { migrations } from './migrations/index.ts';
import { createRenderer } from './pdf/renderer.ts';
import { Product } from './product.entity.ts';
import { resolvers } from './resolvers.ts';
import { Scan } from './scan.entity.ts';
import { seedEvent } from './seed.ts';
import type { TicketsServices } from './services.ts';
import { Shipment } from './shipment.entity.ts';
import { Ticket } from './ticket.entity.ts';
import { serveFile } from './ticket-files.ts';

/** Starts the tickets subgraph. */
export function startTickets(env: Environment) {
  const settings = readTicketsSettings(env);
  return startSubgraph<TicketsServices>({
    settings,
    entities: [Event, Product, Ticket, Scan, Shipment],
    migrations,
    resolvers,
    handlers,
    jobs: [renderTickets],
    async services({ em }) {
      if (settings.SEED) await seedEvent(em);
      return { settings, renderer: createRenderer() };
    },
    routes: { 'GET /files/': serveFile },
    close: ({ renderer }) => renderer.close(),
  });
}

if (import.meta.main) runUntilStopped(() => startTickets(process.env));
