/** Every template by name, and the code that turns them into messages. */
import { type InvalidInput, invalidInput } from '#shared/kernel/errors.ts';
import {
  announcement,
  creditNoteIssued,
  fraudSuspected,
  invoicePaid,
  paymentDeclined,
  ticketsReady,
} from './facts.ts';
import { frame, textToHtml } from './layout.ts';
import { orderCanceled, orderConfirmed, orderFailed } from './orders.ts';
import { compileHtml, compileText, type Language, moneyFormat, type Template } from './template.ts';

const templates = {
  'order-confirmed': orderConfirmed,
  'order-canceled': orderCanceled,
  'order-failed': orderFailed,
  'tickets-ready': ticketsReady,
  'payment-declined': paymentDeclined,
  'invoice-paid': invoicePaid,
  'credit-note-issued': creditNoteIssued,
  'fraud-suspected': fraudSuspected,
  announcement,
};
export type TemplateName = keyof typeof templates;
export const TEMPLATE_NAMES = Object.keys(templates) as TemplateName[];

/** The data in the form that the template takes, or the InvalidInput that names each missing or wrong placeholder. */
export function readTemplateData(
  name: TemplateName,
  data: unknown,
): { ok: true; value: Record<string, unknown> } | { ok: false; error: InvalidInput } {
  const parsed = templates[name].data.safeParse(data, {
    error: issue => (issue.input === undefined ? 'is missing' : undefined),
  });
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: ['data', ...path].join('.'),
    message,
  }));
  return { ok: false, error: invalidInput(...issues) };
}

export interface Rendered {
  subject: string;
  text: string;
  /** The HTML is written on demand: not every message becomes an email. */
  html(): string;
}

/**
 * Writes the message in the reader's language: French for `fr` and its variants, English for all others. Amounts are
 * formatted for the locale.
 */
export function render(name: TemplateName, locale: string, data: unknown): Rendered {
  const template = templates[name] as Template;
  const language: Language = /^fr\b/i.test(locale) ? 'fr' : 'en';
  const view = template.view?.(data, moneyFormat(safeLocale(locale, language))) ?? (data as object);
  const texts = compiled(name, language);
  // A subject is a single line, whatever the data contains.
  const subject = texts
    .subject(view)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  const text = texts.text(view);
  const html = () => frame({ language, subject, content: texts.html?.(view) ?? textToHtml(text) });
  return { subject, text, html };
}

function safeLocale(locale: string, language: Language): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? language;
  } catch {
    return language;
  }
}

const cache = new Map<string, ReturnType<typeof compile>>();

function compiled(name: TemplateName, language: Language) {
  const key = `${name} ${language}`;
  const texts = cache.get(key) ?? compile(templates[name] as Template, language);
  cache.set(key, texts);
  return texts;
}

function compile({ texts }: Template, language: Language) {
  const { subject, text, html } = texts[language];
  return {
    subject: compileText(subject),
    text: compileText(text),
    html: html === undefined ? undefined : compileHtml(html),
  };
}
