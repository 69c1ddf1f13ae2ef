import { createRenderThread } from '#shared/documents/render-thread.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { CreditNote } from './credit/credit-note.entity.ts';
import { serveFile } from './documents/documents.ts';
import type { DocumentContent } from './documents/layout.ts';
import { handlers } from './handlers.ts';
import { Invoice, InvoiceLine } from './issue/invoice.entity.ts';
import { migrations } from './migrations/index.ts';
import { resolvers } from './resolvers.ts';
import type { InvoicesServices } from './services.ts';
import { readInvoicesSettings } from './settings.ts';

/** Starts the invoices subgraph. */
export function startInvoices(env: Environment) {
  const settings = readInvoicesSettings(env);
  return startSubgraph<InvoicesServices>({
    settings,
    entities: [Invoice, InvoiceLine, CreditNote],
    migrations,
    resolvers,
    handlers,
    services: async () => ({
      settings,
      renderer: createRenderThread<DocumentContent>(new URL('./documents/worker.ts', import.meta.url)),
    }),
    routes: { 'GET /files/': serveFile },
    close: ({ renderer }) => renderer.close(),
  });
}

if (import.meta.main) runUntilStopped(() => startInvoices(process.env));
