import type { Environment } from '#shared/env.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { CreditNote } from './credit-note.entity.ts';
import { createRenderer } from './document-thread.ts';
import { serveFile } from './documents.ts';
import { readInvoicesSettings } from './env.ts';
import { handlers } from './handlers.ts';
import { Invoice, InvoiceLine } from './invoice.entity.ts';
import { renderCreditNote } from './jobs/render-credit-note.ts';
import { renderInvoice } from './jobs/render-invoice.ts';
import { migrations } from './migrations/index.ts';
import { resolvers } from './resolvers.ts';
import type { InvoicesServices } from './services.ts';

/** Starts the invoices subgraph. */
export function startInvoices(env: Environment) {
  const settings = readInvoicesSettings(env);
  return startSubgraph<InvoicesServices>({
    settings,
    entities: [Invoice, InvoiceLine, CreditNote],
    migrations,
    resolvers,
    handlers,
    jobs: [renderInvoice, renderCreditNote],
    services: async () => ({ settings, renderer: createRenderer() }),
    routes: { 'GET /files/': serveFile },
    close: ({ renderer }) => renderer.close(),
  });
}

if (import.meta.main) runUntilStopped(() => startInvoices(process.env));
