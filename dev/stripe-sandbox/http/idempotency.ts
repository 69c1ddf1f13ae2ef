import { createHash } from 'node:crypto';
import type { Store } from '../state.ts';
import { ApiError } from './errors.ts';
import type { Params } from './form.ts';

/** What was answered: the status, the text of the body, and the request it answered. */
export interface Answer {
  status: number;
  body: string;
  requestId: string;
  /** Repeats do not say that they are repeats: compatible servers leave the header out. */
  unmarked?: boolean;
}

/** An answer under an idempotency key, with what was asked. */
export interface SavedAnswer extends Answer {
  endpoint: string;
  fingerprint: string;
  /** Milliseconds since 1970. */
  at: number;
}

const KEEP_MS = 24 * 60 * 60 * 1000;

export interface Asked {
  key: string;
  /** Method and path. */
  endpoint: string;
  params: Params;
}

/**
 * Runs each idempotency key once and replays its answer to whoever asks the same again within 24 hours.
 *
 * Keys that are being worked on are known to this process alone: a restart ends that work too.
 * See https://docs.stripe.com/api/idempotent_requests
 */
export function createIdempotency(store: Store) {
  const underway = new Set<string>();

  /**
   * @param run answers the call; `keep` says whether the key shall remember the answer.
   * @throws ApiError 400 when the key was used for something else, 409 while its first call is being worked on.
   */
  return async function once(
    asked: Asked,
    run: () => Promise<Answer & { keep: boolean }>,
  ): Promise<Answer & { replayed: boolean }> {
    if (asked.key.length > 255) {
      throw new ApiError(400, {
        type: 'invalid_request_error',
        message: 'Idempotency keys can be up to 255 characters long.',
      });
    }
    const fingerprint = createHash('sha256').update(canonical(asked.params)).digest('hex');
    const saved = store.answers.get(asked.key);
    if (saved !== undefined && saved.at > Date.now() - KEEP_MS) {
      if (saved.endpoint !== asked.endpoint) {
        throw misuse(
          `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${asked.endpoint}' vs '${saved.endpoint}'). Try using a key other than '${asked.key}' if you meant to execute a different request.`,
        );
      }
      if (saved.fingerprint !== fingerprint) {
        throw misuse(
          `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${asked.key}' if you meant to execute a different request.`,
        );
      }
      return { ...saved, replayed: true };
    }
    if (underway.has(asked.key)) {
      throw new ApiError(409, {
        type: 'invalid_request_error',
        code: 'idempotency_key_in_use',
        message:
          'There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through).',
      });
    }
    underway.add(asked.key);
    try {
      const { keep, ...answer } = await run();
      if (keep) {
        store.answers.delete(asked.key);
        store.answers.set(asked.key, { ...answer, endpoint: asked.endpoint, fingerprint, at: Date.now() });
        forgetOld(store);
        store.changed();
      }
      return { ...answer, replayed: false };
    } finally {
      underway.delete(asked.key);
    }
  };
}

function misuse(message: string) {
  return new ApiError(400, { type: 'idempotency_error', message });
}

/** The order of the parameters does not matter. */
function canonical(params: Params): string {
  return JSON.stringify(params, (_, value: string | Params) =>
    typeof value === 'string'
      ? value
      : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** Oldest first, so it stops at the first that is young enough. */
function forgetOld(store: Store) {
  for (const [key, { at }] of store.answers) {
    if (at > Date.now() - KEEP_MS) return;
    store.answers.delete(key);
  }
}
