import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/orders.ts';
import { addToBasket, getBasket, setBasketQuantity, totalOf } from './basket/baskets.ts';
import { cancelOrder } from './cancel/canceling.ts';
import { followOrder } from './order/following.ts';
import { findOrder, getOrder, listOrders, listOrdersOf, loadLines, loadTimeline } from './order/orders.ts';
import { lineTotal } from './place/money.ts';
import { placeOrder } from './place/placing.ts';

export const resolvers: Resolvers = {
  Query: {
    order: (_, { id }, ctx) => getOrder(ctx, id),
    orders: (_, args, ctx) => listOrders(ctx, args),
    basket: (_, __, ctx) => getBasket(ctx),
    ordersDeadLetters: (_, args, ctx) => listDeadLetters(ctx, args),
  },
  Mutation: {
    addToBasket: (_, { input }, ctx) => addToBasket(ctx, input),
    setBasketQuantity: (_, { input }, ctx) => setBasketQuantity(ctx, input),
    placeOrder: (_, { input }, ctx) => placeOrder(ctx, input),
    cancelOrder: (_, { input }, ctx) => cancelOrder(ctx, input),
    replayOrdersDeadLetter: (_, { id }, ctx) => replayDeadLetter(ctx, id),
  },
  Subscription: {
    orderUpdated: { subscribe: (_, { orderId }, ctx) => followOrder(ctx, orderId) },
  },
  Order: {
    __resolveReference: ({ id }, ctx) => findOrder(ctx, id),
    customer: order => ({ id: order.customerId }),
    lines: async (order, _, ctx) =>
      (await loadLines(ctx, order)).map(line => ({
        product: { id: line.productId },
        name: line.name,
        quantity: line.quantity,
        unitPrice: order.money(line.unitPrice),
        total: order.money(lineTotal(line)),
      })),
    subtotal: order => order.money(order.subtotal),
    tax: order => order.money(order.tax),
    total: order => order.money(order.total),
    expiresAt: order => order.deadline,
    timeline: (order, _, ctx) => loadTimeline(ctx, order),
  },
  Basket: {
    total: ({ lines }, _, ctx) => totalOf(ctx, lines),
  },
  BasketLine: {
    product: ({ productId }) => ({ id: productId }),
  },
  User: {
    orders: ({ id }, page, ctx) => listOrdersOf(ctx, id, page),
    basket: ({ id }, _, ctx) => (ctx.viewer?.id === id ? getBasket(ctx) : null),
  },
};
