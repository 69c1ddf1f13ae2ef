import { z } from 'zod';
import type { JobDefinition } from '#shared/messaging/jobs.ts';
import { settleCheckout } from '../checkout/checkout-sessions.ts';
import type { PaymentsServices } from '../services.ts';
import { insist } from './insist.ts';

const data = z.object({ checkoutId: z.uuid(), wait: z.int().optional() });

/** The safety net under createCheckout: a session whose opening was interrupted is opened, or ended. */
export const openCheckoutJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/open-checkout',
  data,
  background: true,
  handle: (ctx, data) => insist(ctx, openCheckoutJob, data, () => settleCheckout(ctx, data.checkoutId)),
};
