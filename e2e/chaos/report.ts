/** The report of a run, for a reader. */
import type { Break } from './breaks.ts';
import type { Struck } from './faults.ts';
import { countBy, type Evidence, type Finding } from './judges/evidence.ts';

export interface Report {
  seed: number;
  purchases: number;
  backend: 'postgresql' | 'redis';
  broken: Break | undefined;
  struck: Struck[];
  findings: Finding[];
  allowed: string[];
  evidence: Evidence;
  /** The time from the first purchase to the judgement. */
  seconds: number;
}

const MOST_LINES = 30;

export function render(report: Report): string {
  const { seed, purchases, backend, broken, struck, findings, allowed, evidence, seconds } = report;
  const { told, journal, rest, snapshot, doors, documents, pools } = evidence;
  const statusOf = new Map(snapshot.orders.map(({ id, status }) => [id, status]));
  const outcomes = countBy(told, ({ kind, orderIds, refusal, gaveUp }) => {
    const end = statusOf.get(orderIds[0] ?? '') ?? refusal ?? (gaveUp ? 'given up' : 'nothing');
    return `${kind} → ${end}`;
  });
  const faults = countBy(struck, ({ fault, missed }) => `${fault.kind}${missed === null ? '' : ' (missed)'}`);
  return [
    `Chaos with seed ${seed}: ${purchases} purchases on ${backend} in ${seconds} s${broken ? `, ${broken} broken` : ''}`,
    section('Purchases', table(outcomes)),
    section('Faults', table(faults)),
    section('Answers', [
      `${journal.answers} answers, ${journal.lost} lost`,
      ...table(new Map(Object.entries(journal.codes))),
    ]),
    section('Rest', [`after ${rest.seconds} s`, ...rest.replayed.map(letter => `replayed: ${letter}`)]),
    section('Tried', [
      `${doors.length} tickets at the door, three scans each at once`,
      `${documents.length} invoices downloaded, ${documents.filter(({ first }) => first).length} of them twice`,
      `${pools.map(({ process, before, after }) => `${process} ${after}/${before}`).join(', ')} connections`,
    ]),
    section('Allowed', allowed),
    ...(findings.length === 0 ? ['All promises were kept.'] : [...tellBroken(findings)]),
  ]
    .filter(text => text !== '')
    .join('\n');
}

const tellBroken = (findings: Finding[]) =>
  [...Map.groupBy(findings, ({ invariant }) => invariant)].map(([invariant, each]) =>
    section(
      `BROKEN ${invariant} (${each.length})`,
      each.map(({ what }) => what),
    ),
  );

const table = (counts: Map<string, number>) =>
  [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${String(count).padStart(4)} ${name}`);

function section(title: string, lines: string[]): string {
  if (lines.length === 0) return '';
  const more = lines.length > MOST_LINES ? [`… and ${lines.length - MOST_LINES} more`] : [];
  return [title, ...lines.slice(0, MOST_LINES), ...more].join('\n  ');
}
