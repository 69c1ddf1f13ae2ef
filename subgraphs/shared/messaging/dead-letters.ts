/** Dead letters through the API: `<subgraph>DeadLetters` lists them, `replay<Subgraph>DeadLetter` tries again. */
import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Envelope } from '#schema/messages/envelope.ts';
import { type Context, requireRole } from '../context.ts';
import { type Connection, type ConnectionArguments, connect } from '../data/connection.ts';
import { type EntityManager, inTransaction, isId, query, sql } from '../data/database.ts';
import { notFound } from '../kernel/errors.ts';
import type { Delivery } from './outbox.ts';

const DeadLetterSchema = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    id: p.uuid().primary(),
    queue: p.text(),
    name: p.text(),
    envelope: p.json<Envelope>(),
    error: p.text(),
    attempts: p.integer(),
    failedAt: p.datetime(),
  },
});

export class DeadLetter extends DeadLetterSchema.class {
  get payload() {
    return JSON.stringify(this.envelope);
  }
  get correlationId() {
    return this.envelope.correlationid ?? null;
  }
}
DeadLetterSchema.setClass(DeadLetter);

export type DeadLetterPage = Connection<DeadLetter>;

/** Keeps what has failed for good, and why. One that fails again after a replay replaces what is known of it. */
export async function recordDeadLetter(
  em: EntityManager,
  queue: string,
  delivery: Delivery,
  error: unknown,
  attempts: number,
) {
  await query(
    em,
    sql`insert into dead_letters (id, queue, name, envelope, error, attempts)
      values (${delivery.envelope.id}, ${queue}, ${delivery.envelope.type},
              ${JSON.stringify(delivery.envelope)}::jsonb, ${String(error)}, ${attempts})
      on conflict (id) do update set error = excluded.error, attempts = excluded.attempts, failed_at = clock_timestamp()`,
  );
}

/** Rights: administrator. */
export function listDeadLetters(ctx: Context, args: ConnectionArguments): Promise<DeadLetterPage> {
  requireRole(ctx, 'ADMIN');
  return connect(ctx.em, DeadLetter, args, sql`true`);
}

/**
 * Hands a dead letter to its queue again; its inbox makes sure that it takes effect once. Rights: administrator.
 * @throws NOT_FOUND when there is none with this id.
 */
export async function replayDeadLetter(ctx: Context, id: string): Promise<true> {
  requireRole(ctx, 'ADMIN');
  if (!isId(id)) throw notFound('Dead letter');
  await inTransaction(ctx.em, async em => {
    const moved = await query(
      em,
      sql`with taken as (delete from dead_letters where id = ${id} returning *),
            -- A message that we sent ourselves may still lie in our own outbox: then that row is the one to hand out again.
            written as (
              insert into outbox (id, name, envelope, pending)
              select id, name, envelope, array[queue] from taken
              on conflict (id) do update set pending = excluded.pending, due_at = clock_timestamp()
            )
          select pg_notify('outbox', '') from taken`,
    );
    if (moved.length === 0) throw notFound('Dead letter');
  });
  return true;
}
