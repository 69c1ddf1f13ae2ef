import { z } from 'zod';

/** Text for people: trimmed, without control characters or halves of surrogate pairs, which PostgreSQL refuses. */
export const plainText = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest, `has at most ${longest} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');

/** An id in the one way of writing it that comparisons rely on. What is not an id is found nowhere. */
export const idText = z.string().toLowerCase();

/** The most lines a basket or an order has. */
export const MOST_LINES = 50;
