/** Makes the services' JSON log lines readable in a terminal. */
import { styleText } from 'node:util';

/** Told elsewhere on the line, or of no interest on one machine. */
const LEFT_OUT = new Set(['level', 'time', 'name', 'msg', 'pid', 'hostname', 'err']);
const LONGEST_VALUE = 200;

const STYLES = { warn: 'yellow', error: 'red', fatal: 'red' } as const;

/** One line of output: time, message and fields when it is a log entry, as it is when it is anything else. */
export function formatLine(line: string): string {
  const entry = parse(line);
  if (!entry) return line;
  const time = styleText('dim', String(entry.time ?? '').slice(11, 23));
  const level = String(entry.level ?? 'info');
  const label = level === 'info' ? '' : `${styleText(STYLES[level as keyof typeof STYLES] ?? 'dim', level)} `;
  const fields = Object.entries(entry)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => styleText('dim', ` ${name}=${shorten(value)}`));
  return `${time} ${label}${entry.msg ?? ''}${fields.join('')}${formatError(entry.err)}`;
}

function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return value && typeof value === 'object' && ('msg' in value || 'level' in value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function formatError(error: unknown): string {
  if (!error || typeof error !== 'object') return error ? ` ${error}` : '';
  const { stack, type = 'Error', message = '' } = error as Record<string, string | undefined>;
  return `\n${stack ?? `${type}: ${message}`}`;
}
