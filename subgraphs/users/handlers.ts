import type { Handlers } from '#shared/inbox.ts';
import type { UsersServices } from './services.ts';
import { storeStripeCustomer } from './users.ts';

export const handlers: Handlers<UsersServices> = {
  'stripe.customer.created': (ctx, { userId, stripeCustomerId }) =>
    storeStripeCustomer(ctx, userId, stripeCustomerId),
};
