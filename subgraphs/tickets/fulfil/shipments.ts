/** Parcels with an order's goods. */
import { type Context, mayActFor } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import { type EntityManager, newId, query, sql } from '#shared/data/database.ts';
import { insertion } from '#shared/data/entities.ts';
import { statusesBefore } from '#shared/data/transitions.ts';
import { Shipment, ShipmentLine, type ShipmentStatus, TRANSITIONS } from './shipment.entity.ts';

/** Schedules one parcel with these quantities by product. Returns its id. */
export async function scheduleShipment(
  em: EntityManager,
  { orderId, customerId }: { orderId: string; customerId: string },
  goods: Map<string, number>,
): Promise<string> {
  const id = newId();
  const parcel = {
    id,
    orderId,
    customerId,
    status: 'SCHEDULED' as const,
  };
  const lines = [...goods].map(([productId, quantity]) => ({ shipmentId: id, productId, quantity }));
  await query(
    em,
    sql`with parcel as (${insertion(em, Shipment, [parcel], { scheduledAt: sql`clock_timestamp()` })})
      ${insertion(em, ShipmentLine, lines)}`,
  );
  return id;
}

/** A parcel that is already on its way is not called back. */
export const cancelShipment = (em: EntityManager, orderId: string): Promise<void> =>
  moveShipment(em, orderId, 'CANCELED');

/** Gives the order's parcel, if there is one, its next status when the state machine allows the step. */
async function moveShipment(em: EntityManager, orderId: string, to: ShipmentStatus): Promise<void> {
  await query(
    em,
    sql`update shipments set status = ${to}
      where order_id = ${orderId} and status = any(${statusesBefore(TRANSITIONS, to)}::text[])`,
  );
}

const maySee = ({ viewer }: Context, shipment: Shipment) =>
  viewer?.role === 'STAFF' || mayActFor(viewer, shipment.customerId);

/** The parcel, when the viewer is its buyer, staff or an administrator; otherwise null. */
export async function findShipment(ctx: Context, id: string): Promise<Shipment | null> {
  const shipment = await entityLoader(ctx, Shipment).load(id);
  return shipment && maySee(ctx, shipment) ? shipment : null;
}

/** The order's parcel, for those who may see it. */
export async function shipmentOf(ctx: Context, orderId: string): Promise<Shipment | null> {
  const shipment = await entityLoader(ctx, Shipment, 'orderId').load(orderId);
  return shipment && maySee(ctx, shipment) ? shipment : null;
}

export const shipmentLinesOf = (ctx: Context, shipmentId: string): Promise<ShipmentLine[]> =>
  entitiesLoader(ctx, ShipmentLine, 'shipmentId', { productId: 'asc' }).load(shipmentId);
