import { inTransaction, query, sql } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { TicketsContext } from '../services.ts';
import { ensureFile } from './ticket-files.ts';
import { readTicketsOf } from './tickets.ts';

/** Draws the PDF of each of an order's tickets, and sends one message when all of them exist. */
export async function renderTickets(ctx: TicketsContext, orderId: string): Promise<void> {
  const started = performance.now();
  const tickets = await readTicketsOf(ctx.em, orderId);
  const results = await Promise.all(
    tickets.map(async ticket => {
      const success = ticket.status !== 'REVOKED';
      if (success) await ensureFile(ctx, ticket);
      return { ticketId: ticket.id, code: ticket.code, success };
    }),
  );
  const successful = results.filter(({ success }) => success).length;
  await inTransaction(ctx.em, async em => {
    const [told] = await query(
      em,
      sql`update holds set rendered_at = clock_timestamp()
          where order_id = ${orderId} and rendered_at is null returning order_id`,
    );
    if (!told) return;
    await emit(em, 'ticket.generation.completed', {
      orderId,
      customerId: tickets[0]!.customerId,
      tickets: results,
      total: results.length,
      successful,
      failed: results.length - successful,
      processingMilliseconds: Math.round(performance.now() - started),
    });
  });
}
