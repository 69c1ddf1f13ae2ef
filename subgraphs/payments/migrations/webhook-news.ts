import { Migration } from '#shared/data/database.ts';

/** What a webhook is about is decided when it is received: webhooks from before are read here, all of them Stripe's. */
export class WebhookNews extends Migration {
  override up() {
    this.addSql(`alter table webhooks
      add column provider text not null default 'STRIPE' check (provider in ('STRIPE', 'PAYPAL')),
      add column about text check (about in ('payment', 'refund', 'checkout', 'other')),
      add column news jsonb,
      add check (outcome in ('applied', 'unchanged', 'ignored')),
      add check ((outcome is null) = (handled_at is null))`);
    this.addSql(`update webhooks set about = case
        when payload #>> '{data,object,id}' is null then 'other'
        when starts_with(type, 'payment_intent.') then 'payment'
        when starts_with(type, 'refund.') or starts_with(type, 'charge.refund') then 'refund'
        when type in ('checkout.session.completed', 'checkout.session.expired') then 'checkout'
        else 'other' end`);
    this.addSql(`update webhooks set news = jsonb_build_object(
        'about', about,
        'reference', object ->> 'id',
        'paymentReference', case
          when about = 'payment' then object ->> 'id'
          else coalesce(object #>> '{payment_intent,id}', object ->> 'payment_intent') end,
        'paymentId', ${ownId('paymentId')},
        'checkoutId', ${ownId('checkoutId')},
        'isCreation', type = 'payment_intent.created',
        'refundStatus', case
          when about <> 'refund' or object ->> 'status' is null then null
          when object ->> 'status' = 'succeeded' then 'SUCCEEDED'
          when object ->> 'status' in ('failed', 'canceled') then 'FAILED'
          else 'PENDING' end,
        'refundedAmount', (object ->> 'amount_refunded')::bigint)
      from (select id as event, coalesce(payload #> '{data,object}', '{}') as object from webhooks) as events
      where event = webhooks.id`);
    this.addSql('alter table webhooks alter column about set not null, alter column news set not null');
  }
}

const ownId = (key: string) =>
  `case when object #>> '{metadata,${key}}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    then object #>> '{metadata,${key}}' end`;
