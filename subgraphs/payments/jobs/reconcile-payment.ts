import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';
import { reconcilePayment } from '../collect/attempts.ts';
import type { PaymentsServices } from '../services.ts';

const data = z.object({ paymentId: z.uuid() });

/** Asks the provider about a payment whose outcome is not known, until it is (F2, F3). */
export const reconcilePaymentJob = defineJob<typeof data, PaymentsServices>({
  name: 'payments/reconcile-payment',
  data,
  background: true,
  async handle(ctx, { paymentId }) {
    await reconcilePayment(ctx, paymentId);
  },
});
