/**
 * Text that people write, as every subgraph accepts it: trimmed, and without control characters, which could break a
 * header or a page (A24), or halves of surrogate pairs, which PostgreSQL refuses.
 */
import { z } from 'zod';

const text = (longest: number, allowed: RegExp) =>
  z
    .string()
    .trim()
    .max(longest, `has at most ${longest} characters`)
    .regex(allowed, 'must not contain control characters');

/** One line, which may be empty. Lengths count UTF-16 code units. */
export const lineOrNothing = (longest: number) => text(longest, /^[^\p{Cc}\p{Cs}]*$/u);

/** One line. */
export const line = (longest: number) => lineOrNothing(longest).min(1, 'must not be empty');

/** Text of several lines, which may be empty. */
export const paragraphs = (longest: number) => text(longest, /^(?:[^\p{Cc}\p{Cs}]|[\n\r\t])*$/u);

/** An optional one; empty counts as absent. */
export const optional = (type: z.ZodType<string, string>) =>
  z
    .string()
    .nullish()
    .transform(given => given?.trim() || null)
    .pipe(type.nullable());

/** An address as mail servers take it (RFC 5321: 254 characters at most), as it is written. */
export const emailAddress = z.email('must be an email address').max(254, 'has at most 254 characters');
