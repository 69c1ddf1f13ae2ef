/** Short messages, mostly shown in the application. */
import { z } from 'zod';
import { line, paragraphs } from '#shared/data/text.ts';
import { defineTemplate, type Money, money } from './template.ts';

const flat = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const document = z.object({ number: z.string(), total: money });
const documentView = ({ number, total }: z.output<typeof document>, format: (value: Money) => string) => ({
  number,
  total: format(total),
});

/** Messages that staff and organizers write themselves. */
export const announcement = defineTemplate({
  data: z.object({
    title: flat.pipe(line(200)),
    text: flat.pipe(paragraphs(20_000).min(1, 'must not be empty')),
  }),
  texts: {
    fr: { subject: '{{title}}', text: '{{text}}' },
    en: { subject: '{{title}}', text: '{{text}}' },
  },
});

export const paymentDeclined = defineTemplate({
  data: z.object({ amount: money, reason: z.string().nullable() }),
  view: ({ amount, reason }, format) => ({ amount: format(amount), reason }),
  texts: {
    fr: {
      subject: 'Paiement refusé',
      text: `Votre paiement de {{amount}} a été refusé{{#if reason}} : {{reason}}{{/if}}
Vous pouvez essayer un autre moyen de paiement tant que la commande est réservée.`,
    },
    en: {
      subject: 'Payment declined',
      text: `Your payment of {{amount}} was declined{{#if reason}}: {{reason}}{{/if}}
You may try another means of payment while the order is reserved.`,
    },
  },
});

export const invoicePaid = defineTemplate({
  data: document,
  view: documentView,
  texts: {
    fr: {
      subject: 'Facture {{number}} payée',
      text: 'Nous avons bien reçu {{total}}. Votre facture est prête.',
    },
    en: { subject: 'Invoice {{number}} paid', text: 'We have received {{total}}. Your invoice is ready.' },
  },
});

export const creditNoteIssued = defineTemplate({
  data: document,
  view: documentView,
  texts: {
    fr: { subject: 'Avoir {{number}}', text: '{{total}} vous sont remboursés. Votre avoir est prêt.' },
    en: { subject: 'Credit note {{number}}', text: '{{total}} goes back to you. Your credit note is ready.' },
  },
});

export const ticketsReady = defineTemplate({
  data: z.object({ tickets: z.int() }),
  texts: {
    fr: { subject: 'Vos billets sont prêts', text: 'Billets à télécharger : {{tickets}}.' },
    en: { subject: 'Your tickets are ready', text: 'Tickets to download: {{tickets}}.' },
  },
});

export const fraudSuspected = defineTemplate({
  data: z.object({ reason: z.string() }),
  texts: {
    fr: { subject: "Fraude suspectée à l'entrée", text: 'Un passage au contrôle est suspect : {{reason}}' },
    en: { subject: 'Fraud suspected at the entrance', text: 'A scan looks suspicious: {{reason}}' },
  },
});
