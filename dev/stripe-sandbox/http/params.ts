import { z } from 'zod';
import { type ApiError, invalidParameter } from './errors.ts';
import type { Params } from './form.ts';

// Everything arrives as text in a form: these schemas read the texts and refuse them in Stripe's words. Names are
// strict, because a parameter that is silently ignored (`capture_method=manual`) is worse than one refused.

/** A whole number within bounds. */
export function integer({ min = 0, max = 99_999_999 } = {}) {
  return z.string().transform((text, context) => {
    const value = Number(text);
    const fault = !/^-?\d+$/.test(text)
      ? `Invalid integer: ${text}`
      : value < min
        ? `This value must be greater than or equal to ${min}.`
        : value > max
          ? `This value must be less than or equal to ${max}.`
          : undefined;
    if (fault === undefined) return value;
    context.addIssue({ code: 'custom', message: fault, params: { stripe: 'parameter_invalid_integer' } });
    return z.NEVER;
  });
}

/** `true` or `false`. */
export const flag = () => z.enum(['true', 'false']).transform(text => text === 'true');

/** A list: the decoder cannot tell one from a map, the schema can. */
export const list = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    value => (value === '' ? [] : typeof value === 'object' && value !== null ? Object.values(value) : value),
    z.array(item),
  );

const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map(code => code.toLowerCase()));

/** A three-letter ISO 4217 code; answered in lower case. */
export const currency = () =>
  z
    .string()
    .transform(code => code.toLowerCase())
    .refine(code => CURRENCIES.has(code), { error: issue => `Invalid currency: ${issue.input}` });

/** An absolute address of any scheme (an app may have its own). */
export const url = () =>
  z
    .string()
    .refine(text => URL.canParse(text), { error: 'Not a valid URL', params: { stripe: 'url_invalid' } });

/** Limits: 50 keys of 40 characters, values of 500. See https://docs.stripe.com/api/metadata */
export const metadata = () =>
  z.union([
    z.literal(''),
    z
      .record(
        z.string().max(40, 'Metadata keys can have up to 40 characters.'),
        z.string().max(500, 'Metadata values can have up to 500 characters.'),
      )
      .refine(entries => Object.keys(entries).length <= 50, 'Metadata can have up to 50 keys.'),
  ]);

/** What every operation takes: the references to answer in full. */
export const expandable = { expand: list(z.string()).optional() };

/** What every list takes. */
export const page = {
  ...expandable,
  limit: integer({ min: 1, max: 100 }).default(10),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
  created: z
    .union([
      integer({ max: Number.MAX_SAFE_INTEGER }).transform(at => ({ gte: at, lte: at })),
      z.strictObject({
        gt: integer({ max: Number.MAX_SAFE_INTEGER }).optional(),
        gte: integer({ max: Number.MAX_SAFE_INTEGER }).optional(),
        lt: integer({ max: Number.MAX_SAFE_INTEGER }).optional(),
        lte: integer({ max: Number.MAX_SAFE_INTEGER }).optional(),
      }),
    ])
    .optional(),
};

/**
 * Reads parameters through their schema.
 * @throws ApiError with the first fault, in Stripe's words.
 */
export function readParams<S extends z.ZodType>(schema: S, params: Params): z.infer<S> {
  const read = schema.safeParse(params);
  if (read.success) return read.data;
  throw refusal(read.error.issues[0]!, params);
}

function refusal(issue: z.core.$ZodIssue, params: Params): ApiError {
  const name = paramName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const unknown = paramName([...issue.path, issue.keys[0]!]);
    return invalidParameter(`Received unknown parameter: ${unknown}`, unknown, 'parameter_unknown');
  }
  if (valueAt(params, issue.path) === undefined) {
    return invalidParameter(`Missing required param: ${name}.`, name, 'parameter_missing');
  }
  const code = issue.code === 'custom' ? (issue.params?.stripe as string | undefined) : undefined;
  if (issue.code === 'invalid_value') {
    return invalidParameter(`Invalid ${name}: must be one of ${issue.values.join(', ')}`, name);
  }
  return invalidParameter(
    issue.code === 'custom' ? issue.message : `Invalid ${name}: ${issue.message}`,
    name,
    code,
  );
}

function paramName([first, ...rest]: PropertyKey[]): string {
  return String(first ?? '') + rest.map(part => `[${String(part)}]`).join('');
}

function valueAt(params: Params, path: PropertyKey[]): unknown {
  let value: unknown = params;
  for (const part of path) value = (value as Params | undefined)?.[String(part)];
  return value;
}
