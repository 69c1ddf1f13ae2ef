/** The PDF files of tickets: drawn once, kept, and served behind signed addresses. */
import { entityLoader, loadExisting } from '#shared/data/batch.ts';
import { isId } from '#shared/data/database.ts';
import { answer, answerJson } from '#shared/kernel/http.ts';
import type { Route } from '#shared/server/routes.ts';
import { findFile, putFile, verifyFileUrl } from '#shared/signed-files.ts';
import { Event } from '../events/event.entity.ts';
import { Product } from '../events/product.entity.ts';
import type { TicketsContext, TicketsServices } from '../services.ts';
import { Ticket } from './ticket.entity.ts';

/** The ticket's PDF; it is drawn and kept when it does not exist yet. */
export async function ensureFile(ctx: TicketsContext, ticket: Ticket): Promise<Buffer> {
  const kept = await findFile(ctx.em, ticket.fileName);
  if (kept) return kept;
  const [event, product] = await Promise.all([
    loadExisting(ctx, Event, ticket.eventId),
    loadExisting(ctx, Product, ticket.productId),
  ]);
  const { code, qrCode, guestName, locale, issuedAt } = ticket;
  const { title, venue, startsAt, timezone } = event;
  const pdf = await ctx.services.renderer.render(ticket.fileName, {
    code,
    qrCode,
    guestName,
    locale,
    issuedAt,
    startsAt,
    timezone,
    venue: venue ?? null,
    eventTitle: title,
    productName: product.name,
  });
  await putFile(ctx.em, ticket.fileName, pdf);
  return pdf;
}

const FILE_NAME = /^tickets\/([0-9a-f-]{36})\.pdf$/;

/** Serves a ticket's PDF to anyone who holds a valid address of it; 410 once the ticket is revoked. */
export const serveFile: Route<TicketsServices> = async (ctx, _req, res, url) => {
  const name = verifyFileUrl(url, ctx.services.settings.internalSecret);
  if (name === null) {
    return answerJson(res, 403, { error: 'This address is not valid, or not any more. Ask for a new one.' });
  }
  const id = FILE_NAME.exec(name)?.[1];
  const ticket = id && isId(id) ? await entityLoader(ctx, Ticket).load(id) : null;
  if (!ticket) return answerJson(res, 404, { error: 'Not found.' });
  if (ticket.status === 'REVOKED') return answerJson(res, 410, { error: 'The ticket was revoked.' });
  const pdf = await ensureFile(ctx, ticket);
  res.setHeader('content-disposition', `inline; filename="${ticket.code}.pdf"`);
  res.setHeader('cache-control', 'private, no-store');
  res.setHeader('x-content-type-options', 'nosniff');
  answer(res, 200, 'application/pdf', pdf);
};
