import { createRenderThread } from '#shared/documents/render-thread.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { Scan } from './admission/scan.entity.ts';
import { Event } from './events/event.entity.ts';
import { Product } from './events/product.entity.ts';
import { Shipment, ShipmentLine } from './fulfil/shipment.entity.ts';
import { handlers } from './handlers.ts';
import { migrations } from './migrations/index.ts';
import { resolvers } from './resolvers.ts';
import { seedEvent } from './seed.ts';
import type { TicketsServices } from './services.ts';
import { readTicketsSettings } from './settings.ts';
import { Hold, HoldLine } from './stock/hold.entity.ts';
import type { PrintedTicket } from './tickets/pdf/ticket-page.ts';
import { Ticket } from './tickets/ticket.entity.ts';
import { serveFile } from './tickets/ticket-files.ts';

/** Starts the tickets subgraph. */
export function startTickets(env: Environment) {
  const settings = readTicketsSettings(env);
  return startSubgraph<TicketsServices>({
    settings,
    entities: [Event, Product, Hold, HoldLine, Ticket, Scan, Shipment, ShipmentLine],
    migrations,
    resolvers,
    handlers,
    async services({ em }) {
      if (settings.SEED) await seedEvent(em);
      return {
        settings,
        renderer: createRenderThread<PrintedTicket>(new URL('./tickets/pdf/worker.ts', import.meta.url)),
      };
    },
    routes: { 'GET /files/': serveFile },
    close: ({ renderer }) => renderer.close(),
  });
}

if (import.meta.main) runUntilStopped(() => startTickets(process.env));
