/** An object as it came out of JSON. */
export type Data = Record<string, unknown>;

export const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The property that an object has itself. A client may name a field `constructor` or `__proto__`, and must not meet
 * what every object inherits.
 */
export function own(object: Data, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets an object's own property, also when it inherits one of that name. */
export function setOwn(object: Data, name: string, value: unknown) {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
  } else {
    object[name] = value;
  }
}

/**
 * Merges a subgraph's fields of an object into those that are known: objects field by field, lists of equal
 * length element by element; anything else gives way to the newer value.
 *
 * @param copy copies objects and lists instead of adopting them, for a source that is merged into several places:
 *   what later fetches add in one place must not show in another.
 */
export function merge(target: Data, source: Data, copy: boolean) {
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value === undefined) continue;
    if (typeof value !== 'object' || value === null) {
      setOwn(target, key, value);
      continue;
    }
    const known = own(target, key);
    if (isData(value)) {
      if (isData(known)) merge(known, value, copy);
      else setOwn(target, key, copy ? copyOf(value) : value);
    } else if (Array.isArray(known) && known.length === (value as unknown[]).length) {
      mergeLists(known, value as unknown[], copy);
    } else {
      setOwn(target, key, copy ? copyOf(value) : value);
    }
  }
}

function mergeLists(target: unknown[], source: unknown[], copy: boolean) {
  for (let i = 0; i < source.length; i++) {
    const known = target[i];
    const value = source[i];
    if (isData(known) && isData(value)) merge(known, value, copy);
    else if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
      mergeLists(known, value, copy);
    } else target[i] = copy ? copyOf(value) : value;
  }
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copied: Data = {};
  for (const key of Object.keys(value)) setOwn(copied, key, copyOf((value as Data)[key]));
  return copied;
}
