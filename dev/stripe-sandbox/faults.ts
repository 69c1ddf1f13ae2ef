import { z } from 'zod';

/** A failure to arrange: which requests it meets, and how often. */
export const faultSchema = z.strictObject({
  match: z
    .strictObject({ method: z.string().toUpperCase().optional(), path: z.string().default('/v1/') })
    .prefault({}),
  kind: z.enum([
    // Nothing is wrong with the request itself; for a fault that only ignores keys.
    'none',
    // The connection is destroyed and nothing has happened.
    'cut-before',
    // It has happened, and the connection is destroyed instead of an answer.
    'cut-after',
    // Nothing happens for `ms`, then all goes on; a repeat under the same idempotency key meets 409 meanwhile.
    'delay',
    // It happens at once; the answer comes `ms` late.
    'delay-after',
    // `status` is answered and nothing has happened; the idempotency key is not used up.
    'status',
    // As Stripe's own errors: `status` is answered, and again for whoever asks under the idempotency key. Nothing has
    // happened, or it has happened.
    'fail-before',
    'fail-after',
    // It happens; the answer lacks `fields`, at every depth.
    'drop',
  ]),
  ms: z.coerce.number().int().min(0).default(1000),
  status: z.coerce.number().int().min(400).max(599).default(500),
  times: z.coerce.number().int().min(1).default(1),
  fields: z.array(z.string()).default([]),
  /** False: a repeat of the stored error does not say that it is one (`idempotent-replayed`). */
  marked: z.boolean().default(true),
  /** The idempotency key is not looked at: what is asked again happens again, as on servers that know no keys. */
  ignoreKey: z.boolean().default(false),
});
export type Fault = z.infer<typeof faultSchema>;

/** The arranged faults, oldest first; each request meets at most one. Kept in memory only. */
export function createFaults() {
  let faults: Fault[] = [];
  return {
    list: () => faults,
    add(fault: Fault) {
      faults.push({ ...fault });
    },
    clear() {
      faults = [];
    },
    /** The fault that meets this request, if any; one of its times is used up. */
    take(method: string, path: string): Fault | undefined {
      const fault = faults.find(
        ({ match }) => (match.method ?? method) === method && path.startsWith(match.path),
      );
      if (fault === undefined) return undefined;
      fault.times -= 1;
      if (fault.times === 0) faults = faults.filter(other => other !== fault);
      return fault;
    },
  };
}
export type Faults = ReturnType<typeof createFaults>;

/** A copy of an answer's body without these fields, at every depth. */
export function without(fields: string[], body: string): string {
  return JSON.stringify(JSON.parse(body, (name, value) => (fields.includes(name) ? undefined : value)));
}
