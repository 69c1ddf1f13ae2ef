import { z } from 'zod';

/** An id in the one way of writing it that comparisons rely on. What is not an id is found nowhere. */
export const idText = z.string().toLowerCase();

/** The most lines a basket or an order has. */
export const MOST_LINES = 50;
