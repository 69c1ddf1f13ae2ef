/** The plans of the buyers: drawn from the seed alone, before anything runs. */
import { createRandom, deal } from './random.ts';

/** The course of a purchase as far as its buyer decides it. Ordinary ones are drawn more often. */
const DECK = [
  'card',
  'card',
  'card',
  'declined, then card',
  '3-D Secure',
  '3-D Secure failed, then card',
  'abandoned',
  'canceled unpaid',
  'canceled paid',
  'checkout',
  '3-D Secure abandoned',
] as const;
export type Kind = (typeof DECK)[number];

/** `scarce` are the seats of the small event: all buyers together want more of them than exist. */
export type ProductName = 'standard' | 'vip' | 'shirt' | 'scarce';

export interface Plan {
  /** Counts from 1. */
  purchase: number;
  kind: Kind;
  lines: { product: ProductName; quantity: number }[];
  /** Whether the buyer places two orders at once. */
  twice: boolean;
  /**
   * Milliseconds after which the buyer drops the first answer and asks again under the same key; null: waits for it.
   */
  loseAnswerAfterMs: number | null;
  /** How long the buyer waits before each step. */
  thinkMs: number;
}

export const BUYERS = 8;

/** The purchases of each buyer, one list each. */
export function makePlans(seed: number, purchases: number): Plan[][] {
  const kinds = deal(DECK, createRandom(seed, 'kinds'));
  const randoms = Array.from({ length: BUYERS }, (_, buyer) => createRandom(seed, `buyer ${buyer}`));
  const plans: Plan[][] = randoms.map(() => []);
  for (let i = 0; i < purchases; i++) {
    const random = randoms[i % BUYERS]!;
    const scarce = random.chance(0.5);
    const lines: Plan['lines'] = [
      { product: scarce ? 'scarce' : random.pick(['standard', 'vip'] as const), quantity: random.int(1, 3) },
    ];
    if (random.chance(0.4)) lines.push({ product: 'shirt', quantity: random.int(1, 2) });
    plans[i % BUYERS]!.push({
      purchase: i + 1,
      kind: kinds.next().value,
      lines,
      twice: scarce && random.chance(0.4),
      loseAnswerAfterMs: random.chance(0.4) ? random.int(1, 120) : null,
      thinkMs: random.int(0, 1_500),
    });
  }
  return plans;
}

/** Number of seats of the small event: fewer than the plans ask for. */
export function scarceCapacity(plans: Plan[][]): number {
  const wanted = plans
    .flat()
    .flatMap(({ lines, twice }) => lines.map(line => ({ ...line, times: twice ? 2 : 1 })))
    .filter(({ product }) => product === 'scarce')
    .reduce((sum, { quantity, times }) => sum + quantity * times, 0);
  return Math.max(3, Math.floor(wanted * 0.6));
}
