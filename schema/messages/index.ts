/**
 * The catalogue of messages between subgraphs: of each name the schema of its data, who sends it, who consumes it, which
 * live topics it touches, and whether anybody waits for it. A file per owner, the subgraph that sends them.
 *
 * Names: past tense for facts, `-request` / `-result` for commands of the order saga.
 */
import type { z } from 'zod';
import { invoiceMessages } from './invoices.ts';
import type { Message } from './message.ts';
import { notificationMessages } from './notifications.ts';
import { orderMessages } from './orders.ts';
import { paymentMessages } from './payments.ts';
import { ticketMessages } from './tickets.ts';
import { userMessages } from './users.ts';

export type { Message } from './message.ts';
export type { Customer, Money, OrderLineData } from './parts.ts';

export const messages = {
  ...userMessages,
  ...orderMessages,
  ...invoiceMessages,
  ...paymentMessages,
  ...ticketMessages,
  ...notificationMessages,
} satisfies Record<string, Message>;

export type MessageName = keyof typeof messages;
export type MessageData<N extends MessageName> = z.infer<(typeof messages)[N]['data']>;

/** The message of this name; undefined for a name that is not in the catalogue. */
export const findMessage = (name: string): Message | undefined =>
  Object.hasOwn(messages, name) ? messages[name as MessageName] : undefined;
