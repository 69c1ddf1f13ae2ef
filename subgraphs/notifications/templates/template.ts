/** What a template is: the data its placeholders need, and its texts in each language. */
import Handlebars from 'handlebars';
import { z } from 'zod';

export const LANGUAGES = ['fr', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Handlebars sources. Placeholders are escaped in `html` alone; without it the text becomes paragraphs. */
export interface Texts {
  subject: string;
  text: string;
  html?: string;
}

export interface Template<D extends z.ZodType = z.ZodType> {
  data: D;
  /** What the texts see, when that is not the data as it is. */
  view?: (data: z.output<D>, money: (value: Money) => string) => object;
  texts: Record<Language, Texts>;
}

/** Types a template; see Template. */
export const defineTemplate = <D extends z.ZodType>(template: Template<D>): Template<D> => template;

export const money = z.object({ amount: z.int(), currency: z.string().length(3) });
export type Money = z.output<typeof money>;

/** Making a format takes longer than rendering a whole email. */
const formats = new Map<string, Intl.NumberFormat>();

/** Writes minor units as people of this locale write money. */
export const moneyFormat =
  (locale: string) =>
  ({ amount, currency }: Money): string => {
    const key = `${locale} ${currency}`;
    const format = formats.get(key) ?? new Intl.NumberFormat(locale, { style: 'currency', currency });
    formats.set(key, format);
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits!);
  };

type Compiled = (view: object) => string;

/** A missing placeholder throws instead of leaving a hole. */
export const compileText = (source: string): Compiled =>
  Handlebars.compile(source, { strict: true, noEscape: true });
export const compileHtml = (source: string): Compiled => Handlebars.compile(source, { strict: true });
