import type { Handlers } from '#shared/inbox.ts';
import { fulfilOrder } from './fulfilment.ts';
import { extendHold, release, reserve } from './holds.ts';
import type { TicketsServices } from './services.ts';

export const handlers: Handlers<TicketsServices> = {
  'inventory-reserve-request': reserve,
  'inventory-extend-request': extendHold,
  'inventory-release-request': release,
  'shipping-schedule-request': fulfilOrder,
};
