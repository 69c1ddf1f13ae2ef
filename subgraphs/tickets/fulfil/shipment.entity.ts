import { defineEntity, p } from '@mikro-orm/postgresql';
import { defineTransitions, type StatusOf } from '#shared/data/transitions.ts';

/** Every change of a shipment's status that exists. */
export const TRANSITIONS = defineTransitions({
  SCHEDULED: ['SHIPPED', 'CANCELED'],
  SHIPPED: [],
  CANCELED: [],
});
export type ShipmentStatus = StatusOf<typeof TRANSITIONS>;

const ShipmentSchema = defineEntity({
  name: 'Shipment',
  tableName: 'shipments',
  properties: {
    id: p.uuid().primary(),
    orderId: p.uuid().unique(),
    customerId: p.uuid(),
    status: p.text().$type<ShipmentStatus>(),
    scheduledAt: p.datetime(),
  },
});

export class Shipment extends ShipmentSchema.class {}
ShipmentSchema.setClass(Shipment);

const ShipmentLineSchema = defineEntity({
  name: 'ShipmentLine',
  tableName: 'shipment_lines',
  properties: {
    shipmentId: p.uuid().primary(),
    productId: p.uuid().primary(),
    quantity: p.integer(),
  },
});

export class ShipmentLine extends ShipmentLineSchema.class {}
ShipmentLineSchema.setClass(ShipmentLine);
