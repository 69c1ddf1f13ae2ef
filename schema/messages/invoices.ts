import { z } from 'zod';
import { messagesFrom } from './message.ts';
import { id, money, orderTopic } from './parts.ts';

const message = messagesFrom('invoices');

const invoice = z.object({
  invoiceId: id,
  number: z.string(),
  orderId: id.nullable(),
  customerId: id,
  total: money,
});

export const invoiceMessages = {
  /** Nobody acts on it: a customer is told of the payment (`invoice.paid`), not of the number. */
  'invoice.issued': message({
    consumers: [],
    data: invoice,
    live: ({ orderId }) => [orderTopic(orderId)],
  }),
  'invoice.paid': message({
    consumers: ['notifications'],
    data: invoice,
    live: ({ orderId }) => [orderTopic(orderId)],
  }),
  'credit_note.issued': message({
    consumers: ['notifications'],
    data: invoice.extend({ creditNoteId: id }),
    live: ({ orderId }) => [orderTopic(orderId)],
    background: true,
  }),
};
