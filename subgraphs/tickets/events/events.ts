/** Events: drafts are visible to their organizer, published events to everybody. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Context, mayActFor, requireRole } from '#shared/context.ts';
import { entityLoader } from '#shared/data/batch.ts';
import { type Connection, type ConnectionArguments, connect } from '#shared/data/connection.ts';
import {
  type EntityManager,
  inTransaction,
  isUniqueViolation,
  LockMode,
  newId,
  query,
  sql,
} from '#shared/data/database.ts';
import { line, optional, paragraphs } from '#shared/data/text.ts';
import { badInput, forbidden, notFound, parseInput } from '#shared/kernel/errors.ts';
import { createEventKeys } from '../tickets/qr-code.ts';
import { Event, moveEvent } from './event.entity.ts';
import { Product } from './product.entity.ts';
import { slugify } from './slug.ts';

const isTimezone = (name: string) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
};

/** Years have four digits, which every calendar, database and printer accepts. */
const date = z.date().min(new Date(0), 'must be after 1970').max(new Date('9999-12-31'), 'is too far ahead');

const eventInput = z
  .object({
    title: line(200),
    description: optional(paragraphs(10_000)),
    venue: optional(line(200)),
    startsAt: date,
    endsAt: date,
    validFrom: date.nullish().transform(at => at ?? null),
    timezone: z.string().refine(isTimezone, 'must be an IANA time zone such as Europe/Paris'),
  })
  .refine(({ startsAt, endsAt }) => startsAt < endsAt, {
    path: ['endsAt'],
    message: 'must be after startsAt',
  })
  .refine(({ validFrom, endsAt }) => !validFrom || validFrom < endsAt, {
    path: ['validFrom'],
    message: 'must be before endsAt',
  });

/** Creates a draft with a key pair of its own. Rights: organizer or administrator. */
export async function createEvent(ctx: Context, input: z.input<typeof eventInput>) {
  const viewer = requireRole(ctx, 'ORGANIZER');
  const parsed = parseInput(eventInput, input);
  if (!parsed.ok) return parsed.error;
  const base = slugify(parsed.value.title);
  const fields = { ...parsed.value, id: newId(), organizerId: viewer.id };
  try {
    return await inTransaction(ctx.em, em => insertEvent(em, { ...fields, slug: base }));
  } catch (error) {
    if (!isUniqueViolation(error, 'events_slug_key')) throw error;
    const suffix = randomBytes(4).toString('hex');
    return inTransaction(ctx.em, em => insertEvent(em, { ...fields, slug: `${base}-${suffix}` }));
  }
}

type EventFields = z.output<typeof eventInput> & { id: string; slug: string; organizerId: string };

async function insertEvent(em: EntityManager, fields: EventFields): Promise<Event> {
  const { publicKey, privateKey } = createEventKeys();
  const event = em.create(Event, { ...fields, publicKey, status: 'DRAFT', createdAt: new Date() });
  await em.flush();
  await query(em, sql`insert into event_keys (event_id, private_key) values (${event.id}, ${privateKey})`);
  return event;
}

/** True for the event's organizer and administrators. */
export const mayManage = ({ viewer }: Pick<Context, 'viewer'>, event: Event) =>
  mayActFor(viewer, event.organizerId);

/** True for those who manage the event, and for admission staff. */
export const mayScan = (ctx: Pick<Context, 'viewer'>, event: Event) =>
  ctx.viewer?.role === 'STAFF' || mayManage(ctx, event);

export const maySeeEvent = (ctx: Pick<Context, 'viewer'>, event: Event) =>
  event.status !== 'DRAFT' || mayManage(ctx, event);

/** The event, or null when it does not exist or is somebody else's draft. */
export async function findEvent(ctx: Context, id: string): Promise<Event | null> {
  const event = await entityLoader(ctx, Event).load(id);
  return event && maySeeEvent(ctx, event) ? event : null;
}

/** Like findEvent. @throws NOT_FOUND instead of null. */
export async function getEvent(ctx: Context, id: string): Promise<Event> {
  const event = await findEvent(ctx, id);
  if (!event) throw notFound('Event');
  return event;
}

/** An event by one of its two names. @throws NOT_FOUND, BAD_USER_INPUT when not exactly one is given. */
export async function getEventBy(
  ctx: Context,
  { id, slug }: { id?: string | null | undefined; slug?: string | null | undefined },
): Promise<Event> {
  if (id && !slug) return getEvent(ctx, id);
  if (!slug || id) throw badInput('Give either id or slug.');
  const event = await ctx.em.findOne(Event, { slug });
  if (!event || !maySeeEvent(ctx, event)) throw notFound('Event');
  return event;
}

/** An event that the viewer may change. @throws NOT_FOUND when the viewer may not see it, else FORBIDDEN. */
export async function getManagedEvent(ctx: Context, id: string): Promise<Event> {
  const event = await getEvent(ctx, id);
  if (!mayManage(ctx, event)) throw forbidden('Only the organizer of the event may do this.');
  return event;
}

export type EventPage = Connection<Event>;

/** Published events and the viewer's own drafts, newest first. */
export function listEvents(ctx: Context, args: ConnectionArguments): Promise<EventPage> {
  const own = ctx.viewer ? sql`or organizer_id = ${ctx.viewer.id}` : sql``;
  return connect(ctx.em, Event, args, sql`(status = 'PUBLISHED' ${own})`);
}

/**
 * Publishes the event; an event that is already published is returned unchanged. Rights: its organizer or an
 * administrator.
 */
export async function publishEvent(ctx: Context, eventId: string) {
  requireRole(ctx, 'ORGANIZER');
  await getManagedEvent(ctx, eventId);
  return inTransaction(ctx.em, async em => {
    const event = await em.findOneOrFail(Event, eventId, {
      lockMode: LockMode.PESSIMISTIC_WRITE,
      refresh: true,
    });
    if (event.status === 'PUBLISHED') return event;
    const message = await whyNotPublishable(em, event);
    if (message) return { __typename: 'EventNotPublishable' as const, message };
    moveEvent(event, 'PUBLISHED');
    return event;
  });
}

/** The reason, for its organizer, why a draft or canceled event cannot be published; null when it can. */
async function whyNotPublishable(em: EntityManager, event: Event): Promise<string | null> {
  if (event.status === 'CANCELED') return 'The event was canceled.';
  if (event.isOver()) return 'The event has ended.';
  const products = await em.count(Product, { eventId: event.id });
  return products === 0 ? 'The event has no product to sell.' : null;
}
