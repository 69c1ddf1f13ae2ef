import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import { defineTransitions, requireStep, type StatusOf } from '#shared/data/transitions.ts';

/** Every change of an event's status that exists. */
export const TRANSITIONS = defineTransitions({
  DRAFT: ['PUBLISHED', 'CANCELED'],
  PUBLISHED: ['CANCELED'],
  CANCELED: [],
});
export type EventStatus = StatusOf<typeof TRANSITIONS>;

/** How long after the end of an event its tickets still admit. */
const GRACE_MS = 6 * 3_600_000;

const EventSchema = defineEntity({
  name: 'Event',
  tableName: 'events',
  properties: {
    id: p.uuid().primary(),
    slug: p.text().unique(),
    title: p.text(),
    description: p.text().nullable(),
    venue: p.text().nullable(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    /** Tickets are accepted from this time on; null: at any time before the end. */
    validFrom: p.datetime().nullable(),
    timezone: p.text(),
    status: p.text().$type<EventStatus>(),
    organizerId: p.uuid(),
    publicKey: p.text(),
    createdAt: p.datetime(),
  },
});

export class Event extends EventSchema.class {
  declare [OptionalProps]?: '__typename' | 'organizer';

  get __typename() {
    return 'Event' as const;
  }

  get organizer() {
    return { __typename: 'User' as const, id: this.organizerId };
  }

  isOver(now = new Date()): boolean {
    return this.endsAt <= now;
  }

  /** The reason why no ticket admits at this time, or null when tickets do. */
  refusalAt(now: Date): 'NOT_YET_VALID' | 'EXPIRED' | null {
    if (this.validFrom && now < this.validFrom) return 'NOT_YET_VALID';
    return now.getTime() > this.endsAt.getTime() + GRACE_MS ? 'EXPIRED' : null;
  }

  /** A moment in the event's own time zone, written for the people there. */
  localTime(at: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: this.timezone }).format(at);
  }
}
EventSchema.setClass(Event);

/** Gives a locked event its next status. The caller flushes. */
export function moveEvent(event: Event, to: EventStatus): void {
  requireStep(TRANSITIONS, `Event ${event.id}`, event.status, to);
  event.status = to;
}
