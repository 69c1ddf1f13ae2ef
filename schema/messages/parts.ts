/** What messages of several subgraphs have in common. */
import { z } from 'zod';

export const id = z.uuid();

/** An amount in minor units (cents), and an ISO 4217 code. */
export const money = z.object({ amount: z.int(), currency: z.string().length(3) });
export type Money = z.infer<typeof money>;

/** Who buys, as known when the order was placed. */
export const customer = z.object({ id, email: z.string(), displayName: z.string(), locale: z.string() });
export type Customer = z.infer<typeof customer>;

export const paymentProvider = z.enum(['STRIPE', 'PAYPAL']);

export const orderLine = z.object({
  productId: id,
  eventId: id,
  kind: z.enum(['ADMISSION', 'MERCHANDISE']),
  name: z.string(),
  quantity: z.int().positive(),
  /** Minor units, tax included. */
  unitPrice: z.int().nonnegative(),
  taxRate: z.number().min(0).max(1),
  /** As many names as the quantity, for admissions. */
  guestNames: z.array(z.string()),
});
export type OrderLineData = z.infer<typeof orderLine>;

/** All that others need to know of an order, so that nobody has to ask back. */
export const orderSnapshot = z.object({
  orderId: id,
  number: z.string(),
  customer,
  lines: z.array(orderLine),
  total: money,
});

/** The live topic of an order; null for what belongs to none. */
export const orderTopic = (orderId: string | null) => (orderId ? `order.${orderId}` : null);
