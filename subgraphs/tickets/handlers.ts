import type { Handlers } from '#shared/messaging/inbox.ts';
import { fulfilOrder } from './fulfil/fulfilment.ts';
import type { TicketsServices } from './services.ts';
import { extendHold, release, reserve } from './stock/holds.ts';

export const handlers: Handlers<TicketsServices> = {
  'inventory-reserve-request': reserve,
  'inventory-extend-request': extendHold,
  'inventory-release-request': release,
  'shipping-schedule-request': fulfilOrder,
};
