/** What of an exchange is the same each time, whoever buys whenever. */

/** Where a value stands for something made by chance or by the clock: what it is called instead, and its form. */
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
 * The value with everything that chance or the clock has made numbered by its first appearance: `id 1`, `time 2`. The
 * same id is the same number everywhere, so whatever refers to something else still has to refer to the right one.
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

/** With the fields of every object in alphabetical order, so that numbers do not depend on theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  );
}
