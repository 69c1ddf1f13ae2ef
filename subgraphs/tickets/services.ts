import type { Context } from '#shared/context.ts';
import type { RenderThread } from '#shared/documents/render-thread.ts';
import type { TicketsSettings } from './settings.ts';
import type { PrintedTicket } from './tickets/pdf/ticket-page.ts';

export interface TicketsServices {
  settings: TicketsSettings;
  renderer: RenderThread<PrintedTicket>;
}
export type TicketsContext = Context<TicketsServices>;
