import type Stripe from 'stripe';
import { CHECKOUT_METHODS } from '../payments/cards.ts';

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that needs no more escaping. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A template whose values are escaped, unless they were made by it. */
function html(parts: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  const texts = values.map(value => {
    if (Array.isArray(value)) return value.map(item => item.text).join('');
    return value instanceof Html ? value.text : value.replace(/[&<>"']/g, character => ESCAPES[character]!);
  });
  return new Html(String.raw({ raw: parts }, ...texts));
}

function page(title: string, content: Html): string {
  const whole = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem }
  form { display: inline-block; margin: 0 .5rem .5rem 0 }
  label { display: block }
  button { font: inherit; padding: .4rem 1rem }
  td { padding-right: 1rem }
  .error { color: #c00 }
</style>
<h1>${title}</h1>
<p><small>Stripe sandbox: no money moves here.</small></p>
${content}
</html>`;
  return whole.text;
}

function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** A page that only tells something. */
export const messagePage = (title: string, message: string) => page(title, html`<p>${message}</p>`);

/** Where the customer proves to be the owner of the card. */
export function authenticationPage(intent: Stripe.PaymentIntent, returnUrl: string | null): string {
  const button = (action: string, label: string) =>
    html`<form method="post" action="/3ds/${intent.id}/${action}"><button>${label}</button></form>`;
  const after =
    returnUrl === null ? 'Afterwards you may close this page.' : `You will return to ${returnUrl}.`;
  return page(
    '3-D Secure',
    html`<p>The bank asks whether you are paying ${money(intent.amount, intent.currency)}. ${after}</p>
${button('complete', 'Complete')}${button('fail', 'Fail')}`,
  );
}

/** Where the customer chooses a test method and pays. */
export function checkoutPage(session: Stripe.Checkout.Session, refusal = ''): string {
  const amount = (value: number) => money(value, session.currency!);
  const lines = session.line_items!.data.map(
    line =>
      html`<tr><td>${String(line.quantity)} ×<td>${line.description ?? ''}<td>${amount(line.amount_total)}`,
  );
  const choices = CHECKOUT_METHODS.map(
    (name, index) =>
      html`<label><input type="radio" name="payment_method" value="${name}" ${index === 0 ? 'checked' : ''}> ${name}</label>`,
  );
  return page(
    'Checkout',
    html`<table>${lines}<tr><td><td>Total<td>${amount(session.amount_total!)}</table>
<p class="error" role="alert">${refusal}</p>
<form method="post" action="/checkout/${session.id}/pay">${choices}<p><button>Pay</button></p></form>`,
  );
}
