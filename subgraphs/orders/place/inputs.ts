import { z } from 'zod';

/** An id in lower case, because comparisons rely on one spelling. A text that is not an id matches no row. */
export const idText = z.string().toLowerCase();

/** The maximum number of lines in a basket or an order. */
export const MOST_LINES = 50;
