/** Tells an outbox what has been handled: its row is done when every consumer has acknowledged it. */
import { type EntityManager, query, sql } from '../data/database.ts';
import type { Log } from '../kernel/log.ts';
import type { Live } from './live.ts';
import type { Delivery } from './outbox.ts';

export const ackTopic = (subgraph: string) => `acks.${subgraph}`;
export interface Ack {
  row: string;
  queue: string;
}

export type Acknowledge = (delivery: Delivery, queue: string) => void;

/** Tells the outbox a message came from that it was handled; acknowledgements of one moment travel together. */
export function createAcknowledger(live: Live, log: Log): Acknowledge {
  const waiting = new Map<string, Ack[]>();
  return (delivery: Delivery, queue: string) => {
    const acks = waiting.get(delivery.outbox);
    const ack = { row: delivery.row, queue };
    if (acks) {
      acks.push(ack);
      return;
    }
    waiting.set(delivery.outbox, [ack]);
    setImmediate(() => {
      const batch = waiting.get(delivery.outbox)!;
      waiting.delete(delivery.outbox);
      live
        .publish(ackTopic(delivery.outbox), batch)
        .catch(error => log.debug({ err: error }, 'acknowledgement lost'));
    });
  };
}

/**
 * Marks rows as handled by a queue. A lost acknowledgement only means that the row is delivered once more.
 *
 * Every process with a relay hears every acknowledgement, and the same rows come in batches of any order: they are
 * locked in the order of their ids, so that updates at the same time wait for each other and never in a circle.
 */
export async function acknowledge(em: EntityManager, acks: Ack[], log: Log): Promise<void> {
  try {
    await query(
      em,
      sql`with ack as materialized (
            select row, queue from unnest(${acks.map(a => a.row)}::uuid[], ${acks.map(a => a.queue)}::text[]) as ack(row, queue)
          ),
          locked as materialized (
            select id from outbox where id in (select row from ack) order by id for update
          )
          update outbox set pending = array_remove(pending, ack.queue)
          from locked join ack on ack.row = locked.id where outbox.id = locked.id`,
    );
  } catch (error) {
    log.warn({ err: error }, 'acknowledgements were lost; the messages will be delivered again');
  }
}
