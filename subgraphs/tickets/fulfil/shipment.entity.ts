import { defineEntity, p } from '@mikro-orm/postgresql';

export type ShipmentStatus = 'SCHEDULED' | 'SHIPPED' | 'CANCELED';

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
