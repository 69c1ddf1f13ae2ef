/** The emails to the buyer about an order. */
import { z } from 'zod';
import { defineTemplate, type Money, money } from './template.ts';

const order = z.object({
  number: z.string(),
  name: z.string(),
  lines: z.array(
    z.object({
      name: z.string(),
      quantity: z.int(),
      /** Minor units, in the currency of the total. */
      unitPrice: z.int(),
      guestNames: z.array(z.string()),
    }),
  ),
  total: money,
  /** Number of attached tickets. */
  tickets: z.int(),
  reason: z.string().nullable(),
  link: z.url(),
});
export type OrderData = z.output<typeof order>;

const view = ({ lines, total, ...data }: OrderData, format: (value: Money) => string) => ({
  ...data,
  total: format(total),
  lines: lines.map(({ quantity, unitPrice, name, guestNames }) => ({
    quantity,
    name,
    guestNames,
    amount: format({ amount: quantity * unitPrice, currency: total.currency }),
  })),
});

const LINES_TEXT = `{{#each lines}}
  {{quantity}} × {{name}} : {{amount}}
{{#each guestNames}}
      {{this}}
{{/each}}
{{/each}}`;

const CELL = 'padding:8px 0;border-bottom:1px solid #e4e4ec';
const LINES_HTML = (total: string) => `
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px">
{{#each lines}}
<tr><td style="${CELL}">{{quantity}} × {{name}}{{#each guestNames}}<br><span style="font-size:14px;color:#62627a">{{this}}</span>{{/each}}</td>
<td align="right" valign="top" style="${CELL};white-space:nowrap">{{amount}}</td></tr>
{{/each}}
<tr><td style="padding:12px 0;font-weight:bold">${total}</td>
<td align="right" style="padding:12px 0;font-weight:bold;white-space:nowrap">{{total}}</td></tr>
</table>`;

const paragraph = (content: string) => `<p style="margin:0 0 16px">${content}</p>`;
const button = (label: string) =>
  `<p style="margin:24px 0 0"><a href="{{link}}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#4b3fd6;color:#ffffff;text-decoration:none;font-weight:bold">${label}</a></p>`;

export const orderConfirmed = defineTemplate({
  data: order,
  view,
  texts: {
    fr: {
      subject: 'Votre commande {{number}} est confirmée',
      text: `Bonjour {{name}},

Merci ! Votre commande {{number}} est confirmée.
{{#if tickets}}
Billets joints à ce message : {{tickets}}.
{{/if}}

${LINES_TEXT}

Total : {{total}}

Votre commande : {{link}}
`,
      html: `${paragraph('Bonjour {{name}},')}
${paragraph('Merci ! Votre commande <strong>{{number}}</strong> est confirmée.{{#if tickets}}<br>Billets joints à ce message : {{tickets}}.{{/if}}')}
${LINES_HTML('Total')}${button('Voir ma commande')}`,
    },
    en: {
      subject: 'Your order {{number}} is confirmed',
      text: `Hello {{name}},

Thank you! Your order {{number}} is confirmed.
{{#if tickets}}
Tickets attached to this message: {{tickets}}.
{{/if}}

${LINES_TEXT.replace(' : ', ': ')}

Total: {{total}}

Your order: {{link}}
`,
      html: `${paragraph('Hello {{name}},')}
${paragraph('Thank you! Your order <strong>{{number}}</strong> is confirmed.{{#if tickets}}<br>Tickets attached to this message: {{tickets}}.{{/if}}')}
${LINES_HTML('Total')}${button('See my order')}`,
    },
  },
});

export const orderCanceled = defineTemplate({
  data: order,
  view,
  texts: {
    fr: {
      subject: 'Votre commande {{number}} est annulée',
      text: `Bonjour {{name}},

Votre commande {{number}} ({{total}}) est annulée, et ses billets ne sont plus valables. Ce que vous avez payé vous est remboursé sur le même moyen de paiement.
{{#if reason}}

Motif : {{reason}}
{{/if}}

Votre commande : {{link}}
`,
    },
    en: {
      subject: 'Your order {{number}} is canceled',
      text: `Hello {{name}},

Your order {{number}} ({{total}}) is canceled, and its tickets are no longer valid. What you paid goes back to the same means of payment.
{{#if reason}}

Reason: {{reason}}
{{/if}}

Your order: {{link}}
`,
    },
  },
});

export const orderFailed = defineTemplate({
  data: order,
  view,
  texts: {
    fr: {
      subject: "Votre commande {{number}} n'a pas abouti",
      text: `Bonjour {{name}},

Votre commande {{number}} ({{total}}) n'a pas pu aboutir. Si vous avez payé, vous êtes remboursé sur le même moyen de paiement.
{{#if reason}}

Motif : {{reason}}
{{/if}}

Votre commande : {{link}}
`,
    },
    en: {
      subject: 'Your order {{number}} could not be completed',
      text: `Hello {{name}},

Your order {{number}} ({{total}}) could not be completed. If you paid, the money goes back to the same means of payment.
{{#if reason}}

Reason: {{reason}}
{{/if}}

Your order: {{link}}
`,
    },
  },
});
