/** Defines a template: the data that its placeholders need, and its texts in each language. */
import Handlebars from 'handlebars';
import { z } from 'zod';

export const LANGUAGES = ['fr', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Handlebars sources. Placeholders are escaped only in `html`; without `html` the text is turned into paragraphs. */
export interface Texts {
  subject: string;
  text: string;
  html?: string;
}

export interface Template<D extends z.ZodType = z.ZodType> {
  data: D;
  /** The data that the texts see, when it differs from the data as given. */
  view?: (data: z.output<D>, money: (value: Money) => string) => object;
  texts: Record<Language, Texts>;
}

/** Gives a template its types; see Template. */
export const defineTemplate = <D extends z.ZodType>(template: Template<D>): Template<D> => template;

export const money = z.object({ amount: z.int(), currency: z.string().length(3) });
export type Money = z.output<typeof money>;

/** Formats are kept, because making one takes longer than rendering a whole email. */
const formats = new Map<string, Intl.NumberFormat>();

/** Formats an amount in minor units as is usual in this locale. */
export const moneyFormat =
  (locale: string) =>
  ({ amount, currency }: Money): string => {
    const key = `${locale} ${currency}`;
    const format = formats.get(key) ?? new Intl.NumberFormat(locale, { style: 'currency', currency });
    formats.set(key, format);
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits!);
  };

type Compiled = (view: object) => string;

/** A missing placeholder throws instead of leaving a gap in the text. */
export const compileText = (source: string): Compiled =>
  Handlebars.compile(source, { strict: true, noEscape: true });
export const compileHtml = (source: string): Compiled => Handlebars.compile(source, { strict: true });
