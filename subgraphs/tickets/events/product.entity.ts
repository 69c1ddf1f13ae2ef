import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';

export type ProductKind = 'ADMISSION' | 'MERCHANDISE';

const ProductSchema = defineEntity({
  name: 'Product',
  tableName: 'products',
  properties: {
    id: p.uuid().primary(),
    eventId: p.uuid(),
    kind: p.text().$type<ProductKind>(),
    name: p.text(),
    /** Minor units, tax included. */
    priceAmount: p.bigint('number'),
    priceCurrency: p.text(),
    taxRate: p.float(),
    maxPerOrder: p.integer(),
    createdAt: p.datetime(),
  },
});

export class Product extends ProductSchema.class {
  declare [OptionalProps]?: '__typename' | 'price';

  get __typename() {
    return 'Product' as const;
  }

  get price() {
    return { amount: this.priceAmount, currency: this.priceCurrency };
  }
}
ProductSchema.setClass(Product);
