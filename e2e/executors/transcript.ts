/** The parts of an exchange that are the same in every run, whoever buys and whenever. */

/**
 * For values that come from chance or the clock: the name that replaces them, and the form by which they are
 * recognized.
 */
const FORMS: [name: string, form: RegExp][] = [
  ['token', /eyJ[\w-]+\.[\w-]+\.[\w-]+/],
  ['email', /buyer-\w+@example\.org/],
  ['id', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/],
  ['time', /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/],
  ['order', /G-[0-9A-Z]{4}-[0-9A-Z]{4}/],
  ['document', /[AF]\d{4}-\d{6}/],
  ['intent', /pi_\w+/],
  ['port', /(?<=localhost:|127\.0\.0\.1:)\d+/],
];
const ANY_FORM = new RegExp(FORMS.map(([name, { source }]) => `(?<${name}>${source})`).join('|'), 'g');

/**
 * The value with everything that comes from chance or the clock numbered by its first appearance: `id 1`, `time 2`. The
 * same id has the same number everywhere, so references between objects are still compared.
 */
export function withoutChance(value: unknown): unknown {
  const numbers = new Map<string, string>();
  const counts = new Map<string, number>();
  const text = JSON.stringify(sorted(value)).replace(ANY_FORM, (found, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const [name] = Object.entries(groups).find(([, group]) => group !== undefined)!;
    if (!numbers.has(found)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      numbers.set(found, `${name} ${counts.get(name)}`);
    }
    return numbers.get(found)!;
  });
  return JSON.parse(text);
}

/** Sorts the fields of every object alphabetically, so that the numbers do not depend on the order of fields. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  );
}
