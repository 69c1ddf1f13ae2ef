import { z } from 'zod';

/** One line of text for people: trimmed, without control characters, which could break a header or a page (A24). */
export const line = (longest: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(longest, `has at most ${longest} characters`)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');

/** Text of several lines. */
export const paragraphs = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest, `has at most ${longest} characters`)
    .regex(/^[\P{Cc}\n\r\t]*$/u, 'must not contain control characters');

/** An optional one; empty counts as absent. */
export const optional = (type: z.ZodType<string, string>) =>
  z
    .string()
    .nullish()
    .transform(text => text?.trim() || null)
    .pipe(type.nullable());

/** For addresses: lower-case ASCII letters and digits, joined by hyphens. */
export function slugify(text: string): string {
  const slug = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
    .replace(/-$/, '');
  return slug || 'event';
}
