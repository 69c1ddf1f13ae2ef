import { z } from 'zod';
import type { JobDefinition } from '#shared/messaging/jobs.ts';
import { executeRefund } from '../refund/refund-ledger.ts';
import type { PaymentsServices } from '../services.ts';
import { insist } from './insist.ts';

const data = z.object({ refundId: z.uuid(), wait: z.int().optional() });

/** Gives the money of a recorded refund back, or looks what has become of it. */
export const executeRefundJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/execute-refund',
  data,
  background: true,
  handle: (ctx, data) => insist(ctx, executeRefundJob, data, () => executeRefund(ctx, data.refundId)),
};
