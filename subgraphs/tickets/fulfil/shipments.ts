/** Parcels with an order's goods. */

import { type Context, mayActFor } from '#shared/context.ts';
import { entityLoader, loadMany, loadOne } from '#shared/data/batch.ts';
import { type EntityManager, isId, newId, query, sql } from '#shared/data/database.ts';
import { Shipment } from './shipment.entity.ts';

/** Schedules one parcel for these quantities by product. Gives its id. */
export async function scheduleShipment(
  em: EntityManager,
  { orderId, customerId }: { orderId: string; customerId: string },
  goods: Map<string, number>,
): Promise<string> {
  const id = newId();
  await query(
    em,
    sql`with parcel as (
          insert into shipments (id, order_id, customer_id, status, scheduled_at)
          values (${id}, ${orderId}, ${customerId}, 'SCHEDULED', clock_timestamp())
        )
        insert into shipment_lines (shipment_id, product_id, quantity)
        select ${id}::uuid, * from unnest(${[...goods.keys()]}::uuid[], ${[...goods.values()]}::int[])`,
  );
  return id;
}

/** A parcel that is on its way already is not called back. */
export async function cancelShipment(em: EntityManager, orderId: string): Promise<void> {
  await query(
    em,
    sql`update shipments set status = 'CANCELED' where order_id = ${orderId} and status = 'SCHEDULED'`,
  );
}

const maySee = ({ viewer }: Context, shipment: Shipment) =>
  viewer?.role === 'STAFF' || mayActFor(viewer, shipment.customerId);

/** The parcel, when the viewer is its buyer, staff or an administrator. */
export async function findShipment(ctx: Context, id: string): Promise<Shipment | null> {
  const shipment = await entityLoader(ctx, Shipment).load(id);
  return shipment && maySee(ctx, shipment) ? shipment : null;
}

const BY_ORDER = Symbol('shipment by order');
/** The order's parcel, to those who may see it. */
export async function shipmentOf(ctx: Context, orderId: string): Promise<Shipment | null> {
  const shipment = await loadOne(
    ctx,
    BY_ORDER,
    async ids => {
      const rows = await query(
        ctx.em,
        sql<object>`select * from shipments where order_id = any(${ids.filter(isId)}::uuid[])`,
      );
      return rows.map(row => ctx.em.map(Shipment, row as never));
    },
    found => found.orderId,
  ).load(orderId);
  return shipment && maySee(ctx, shipment) ? shipment : null;
}

const LINES = Symbol('shipment lines');
export function shipmentLinesOf(ctx: Context, shipmentId: string) {
  return loadMany(
    ctx,
    LINES,
    ids =>
      query(
        ctx.em,
        sql<{ shipment_id: string; product_id: string; quantity: number }>`
          select * from shipment_lines where shipment_id = any(${ids}::uuid[]) order by product_id`,
      ),
    line => line.shipment_id,
  ).load(shipmentId);
}
