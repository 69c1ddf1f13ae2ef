import { mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type Stripe from 'stripe';
import type { SavedAnswer } from './http/idempotency.ts';
import type { Delivery } from './webhooks.ts';

export interface SessionPayment {
  description?: string;
  metadata?: Stripe.Metadata | '';
  receipt_email?: string;
}

/** Everything the sandbox knows, by id (answers: by idempotency key), oldest first. */
export interface Collections {
  customers: Map<string, Stripe.Customer>;
  paymentMethods: Map<string, Stripe.PaymentMethod>;
  paymentIntents: Map<string, Stripe.PaymentIntent>;
  charges: Map<string, Stripe.Charge>;
  refunds: Map<string, Stripe.Refund>;
  sessions: Map<string, Stripe.Checkout.Session>;
  /** What the payment intent of a session will be given once somebody pays, by the session's id. */
  sessionPayments: Map<string, SessionPayment>;
  events: Map<string, Stripe.Event>;
  deliveries: Map<string, Delivery>;
  answers: Map<string, SavedAnswer>;
}

export interface Store extends Collections {
  /** Says that something changed; it reaches the file soon. */
  changed(): void;
  /** Forgets everything. */
  clear(): void;
  /** Writes what is not yet written and stops writing. */
  close(): Promise<void>;
}

/** Changes within this time are written together. */
const COALESCE_MS = 100;

/**
 * Opens the state, from `dataFile` when there is one; without it nothing is kept past the process.
 *
 * The file is replaced whole, by rename, so a reader or a crash never meets half of it. A process that is killed loses
 * at most what the last fraction of a second changed.
 * @throws Error when the file cannot be read.
 */
export function openStore(dataFile?: string): Store {
  const collections = emptyCollections();
  if (dataFile !== undefined) {
    mkdirSync(dirname(dataFile), { recursive: true });
    load(collections, dataFile);
  }
  const maps = Object.entries(collections) as [string, Map<string, unknown>][];

  let dirty = false;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  let pause = COALESCE_MS;

  async function write(file: string) {
    if (!dirty) return;
    dirty = false;
    const began = performance.now();
    const text = JSON.stringify(Object.fromEntries(maps.map(([name, map]) => [name, [...map]])));
    // Writing blocks for as long as the state is large: under load it takes a twentieth of the time, not all of it.
    pause = Math.max(COALESCE_MS, 20 * (performance.now() - began));
    const draft = `${file}.${process.pid}.tmp`;
    await writeFile(draft, text);
    await rename(draft, file);
  }

  const store: Store = {
    ...collections,
    changed() {
      dirty = true;
      if (dataFile === undefined || timer !== undefined) return;
      timer = setTimeout(() => {
        writing = writing
          .then(() => write(dataFile))
          .catch((error: Error) =>
            console.error(`The Stripe sandbox cannot write ${dataFile}: ${error.message}`),
          )
          .then(() => {
            timer = undefined;
            if (dirty) store.changed();
          });
      }, pause);
    },
    clear() {
      for (const [, map] of maps) map.clear();
      store.changed();
    },
    async close() {
      clearTimeout(timer);
      await writing;
      clearTimeout(timer);
      if (dataFile !== undefined) await write(dataFile);
    },
  };
  return store;
}

function emptyCollections(): Collections {
  return {
    customers: new Map(),
    paymentMethods: new Map(),
    paymentIntents: new Map(),
    charges: new Map(),
    refunds: new Map(),
    sessions: new Map(),
    sessionPayments: new Map(),
    events: new Map(),
    deliveries: new Map(),
    answers: new Map(),
  };
}

function load(collections: Collections, file: string) {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const saved = JSON.parse(text) as Record<string, [string, unknown][]>;
    for (const [name, map] of Object.entries(collections) as [string, Map<string, unknown>][]) {
      for (const [id, value] of saved[name] ?? []) map.set(id, value);
    }
  } catch (error) {
    throw new Error(`${file} does not hold a Stripe sandbox's state; move it away to begin anew`, {
      cause: error,
    });
  }
}
