/** The HTTP side of webhooks: a webhook is stored before it is answered, and closed here where nothing has to be asked. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inTransaction } from '#shared/data/database.ts';
import { answerJson, PayloadTooLarge, readBody } from '#shared/kernel/http.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { ProviderName } from '../collect/payment.entity.ts';
import { applyWebhookJob } from '../jobs.ts';
import type { PaymentsContext } from '../services.ts';
import { judgeWebhook } from './judge.ts';
import { closeWebhook, storeWebhook } from './webhook.ts';

const LARGEST_BODY_BYTES = 1_000_000;
const TITLES: Record<ProviderName, string> = { STRIPE: 'Stripe', PAYPAL: 'PayPal' };

/** `POST /webhooks/<provider>`: 400 and nothing stored unless the provider signed these very bytes a moment ago (A1–A3). */
export const receiveWebhook =
  (name: ProviderName) =>
  async (ctx: PaymentsContext, req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const provider = ctx.services.providers[name];
    if (!provider) {
      return answerJson(res, 404, { error: `Payments through ${TITLES[name]} are not offered yet.` });
    }
    let body: Buffer;
    try {
      body = await readBody(req, LARGEST_BODY_BYTES);
    } catch (error) {
      if (!(error instanceof PayloadTooLarge)) throw error;
      return answerJson(res, 413, { error: 'The body is too large.' });
    }
    const told = await provider.readWebhook({ body, headers: req.headers });
    if (!told) return answerJson(res, 400, { error: 'The signature is not valid.' });
    await inTransaction(ctx.em, async em => {
      const webhook = await storeWebhook(em, name, told, body.toString());
      if (!webhook) return;
      if (name === 'STRIPE') await emit(em, 'stripe.webhook.received', { webhookId: webhook.id });
      const outcome = await judgeWebhook(em, webhook);
      if (outcome) await closeWebhook(em, webhook, outcome);
      else await enqueue(em, applyWebhookJob, { webhookId: webhook.id });
    });
    answerJson(res, 200, { received: true });
  };
