/** A decoded form: texts, and objects for bracketed names. Lists are objects whose keys are their indexes. */
export type Params = { [name: string]: string | Params };

const NAME = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;

/**
 * Decodes a form-encoded body or query string in the bracket notation of Stripe's clients:
 * `metadata[order]=7&expand[]=latest_charge` becomes `{ metadata: { order: '7' }, expand: { 0: 'latest_charge' } }`.
 *
 * Whether `items[0]` is a list entry or a key named 0 is for the parameter's schema to say (see params.ts).
 */
export function decodeForm(text: string): Params {
  const params = emptyParams();
  for (const [name, value] of new URLSearchParams(text)) {
    const match = NAME.exec(name);
    if (match === null) {
      params[name] = value;
      continue;
    }
    const path = [match[1]!, ...[...match[2]!.matchAll(/\[([^[\]]*)\]/g)].map(part => part[1]!)];
    place(params, path, value);
  }
  return params;
}

/** Without a prototype, so that a parameter named `__proto__` is a parameter like any other. */
function emptyParams(): Params {
  return Object.create(null) as Params;
}

function place(params: Params, path: string[], value: string) {
  let target = params;
  path.forEach((part, depth) => {
    const key = part === '' ? String(Object.keys(target).length) : part;
    if (depth === path.length - 1) {
      target[key] = value;
      return;
    }
    let next = target[key];
    if (next === undefined || typeof next === 'string') {
      next = emptyParams();
      target[key] = next;
    }
    target = next;
  });
}
