/** Notifications that people ask for. */
import { z } from 'zod';
import { type Context, requireRole } from '#shared/context.ts';
import { inTransaction, isId, newId } from '#shared/data/database.ts';
import { claimKey, idempotencyConflict } from '#shared/data/idempotency.ts';
import { emailAddress, line } from '#shared/data/text.ts';
import { invalidInput, parseInput } from '#shared/kernel/errors.ts';
import { DEFAULT_LOCALE, findContact } from '../channels/contacts.ts';
import { readTemplateData, TEMPLATE_NAMES } from '../templates/index.ts';
import { Notification } from './notification.entity.ts';
import { createNotification } from './notifications.ts';

const FURTHEST_MS = 366 * 86_400_000;

const request = z.object({
  to: z.string(),
  channel: z.enum(['EMAIL', 'IN_APP'], { error: 'channel not available yet' }),
  template: z.enum(TEMPLATE_NAMES, { error: `must be one of ${TEMPLATE_NAMES.join(', ')}` }),
  data: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], 'must be a string, a number or a boolean'),
      {
        error: 'must be an object',
      },
    )
    .nullish(),
  priority: z.enum(['LOW', 'NORMAL', 'HIGH']).nullish(),
  scheduledAt: z
    .date()
    .refine(date => date.getTime() < Date.now() + FURTHEST_MS, 'must be within a year from now')
    .nullish(),
  eventId: z.uuid('must be an id').nullish(),
  idempotencyKey: line(200).nullish(),
});

/** Sends a notification from a template. Rights: staff, organizer or administrator. */
export async function sendNotification(ctx: Context, input: unknown) {
  const viewer = requireRole(ctx, 'STAFF', 'ORGANIZER');
  const parsed = parseInput(request, input);
  if (!parsed.ok) return parsed.error;
  const { to, channel, template, priority, scheduledAt, eventId, idempotencyKey } = parsed.value;
  if (channel === 'EMAIL' && !emailAddress.safeParse(to).success) {
    return invalidInput({ path: 'to', message: 'must be an email address' });
  }
  if (channel === 'IN_APP' && !isId(to)) return invalidInput({ path: 'to', message: "must be a user's id" });
  const data = readTemplateData(template, parsed.value.data ?? {});
  if (!data.ok) return data.error;

  return inTransaction(ctx.em, async em => {
    const id = newId();
    if (idempotencyKey) {
      const scope = `sendNotification:${viewer.id}`;
      const claim = await claimKey(em, { scope, key: idempotencyKey, input: parsed.value, resultId: id });
      if (claim.outcome === 'conflict') return idempotencyConflict();
      if (claim.outcome === 'replay') return em.findOneOrFail(Notification, { id: claim.resultId });
    }
    const contact = await findContact(em, to);
    const created = await createNotification(em, {
      id,
      channel,
      template,
      recipient: to,
      userId: channel === 'IN_APP' ? to : (contact?.userId ?? null),
      locale: contact?.locale ?? DEFAULT_LOCALE,
      data: data.value,
      eventId: eventId ?? null,
      priority: priority ?? 'NORMAL',
      scheduledAt: scheduledAt ?? null,
    });
    return created!;
  });
}
