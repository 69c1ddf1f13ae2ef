import type { Handlers } from '#shared/messaging/inbox.ts';
import { storeStripeCustomer } from './accounts/users.ts';
import type { UsersServices } from './services.ts';

export const handlers: Handlers<UsersServices> = {
  messages: {
    'stripe.customer.created': (ctx, { userId, stripeCustomerId }) =>
      storeStripeCustomer(ctx, userId, stripeCustomerId),
  },
  jobs: [],
};
