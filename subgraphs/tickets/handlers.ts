import type { Handlers } from '#shared/messaging/inbox.ts';
import { onJob } from '#shared/messaging/jobs.ts';
import { fulfilOrder } from './fulfil/fulfilment.ts';
import { renderTicketsJob } from './jobs.ts';
import type { TicketsServices } from './services.ts';
import { extendHold, release, reserve } from './stock/holds.ts';
import { renderTickets } from './tickets/render-tickets.ts';

export const handlers: Handlers<TicketsServices> = {
  messages: {
    'inventory-reserve-request': reserve,
    'inventory-extend-request': extendHold,
    'inventory-release-request': release,
    'shipping-schedule-request': fulfilOrder,
  },
  jobs: [onJob(renderTicketsJob, (ctx, { orderId }) => renderTickets(ctx, orderId))],
};
