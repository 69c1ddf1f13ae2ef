/** The event of the local stack, as the public contract describes it. Production seeds nothing. */
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { insertion } from '#shared/data/entities.ts';
import { SEEDED_ORGANIZER_ID } from '#shared/seeds.ts';
import { Event } from './events/event.entity.ts';
import { Product } from './events/product.entity.ts';
import { createEventKeys } from './tickets/qr-code.ts';

const EVENT_ID = '01900000-0000-7000-8000-000000000100';
const DAYS_AHEAD = 60;

const PRODUCTS = [
  {
    id: '01900000-0000-7000-8000-000000000111',
    kind: 'ADMISSION' as const,
    name: 'Standard',
    priceAmount: 25_00,
    taxRate: 0.055,
    capacity: 500,
  },
  {
    id: '01900000-0000-7000-8000-000000000112',
    kind: 'ADMISSION' as const,
    name: 'VIP',
    priceAmount: 80_00,
    taxRate: 0.055,
    capacity: 50,
  },
  {
    id: '01900000-0000-7000-8000-000000000113',
    kind: 'MERCHANDISE' as const,
    name: 'T-shirt',
    priceAmount: 20_00,
    taxRate: 0.2,
    capacity: 200,
  },
];

/** Creates the seeded event unless it exists; a seeded event that has ended gets new dates. */
export async function seedEvent(em: EntityManager): Promise<void> {
  const { publicKey, privateKey } = createEventKeys();
  const startsAt = new Date(Date.now() + DAYS_AHEAD * 86_400_000);
  startsAt.setUTCHours(19, 0, 0, 0);
  const endsAt = new Date(startsAt.getTime() + 5 * 3_600_000);
  await inTransaction(em, async em => {
    const event = {
      id: EVENT_ID,
      slug: 'nuit-des-guichets',
      title: 'Nuit des Guichets',
      description: 'Une nuit de concerts et de spectacles, du premier guichet au dernier rappel.',
      venue: 'La Grande Halle, Paris',
      startsAt,
      endsAt,
      timezone: 'Europe/Paris',
      status: 'PUBLISHED' as const,
      organizerId: SEEDED_ORGANIZER_ID,
      publicKey,
      createdAt: new Date(),
    };
    await query(
      em,
      sql`with event as (${insertion(em, Event, [event])} on conflict (id) do nothing returning id)
          insert into event_keys (event_id, private_key) select id, ${privateKey}::bytea from event`,
    );
    await query(
      em,
      sql`update events set starts_at = ${startsAt.toISOString()}, ends_at = ${endsAt.toISOString()}
          where id = ${EVENT_ID} and ends_at < clock_timestamp()`,
    );
    for (const { capacity, ...fields } of PRODUCTS) {
      const product = {
        ...fields,
        eventId: EVENT_ID,
        priceCurrency: 'EUR',
        maxPerOrder: 10,
        createdAt: new Date(),
      };
      await query(
        em,
        sql`with product as (${insertion(em, Product, [product])} on conflict do nothing returning id), quota as (
              -- The quota bears its product's id: there is one of each.
              insert into quotas (id, capacity) select id, ${capacity}::int from product returning id
            )
            insert into product_quotas (product_id, quota_id) select id, id from quota`,
      );
    }
  });
}
