import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/**
 * Seconds of processor time that these processes and all their descendants have used so far; 0 where there is no /proc.
 * On a machine that is also used by others, this is steadier than elapsed time.
 */
export function processorTime(roots: readonly (number | undefined)[]): number {
  const wanted = new Set<number>(roots.filter(pid => pid !== undefined));
  let seconds = 0;
  // Children have higher process ids than their parents, until the ids wrap around.
  for (const { pid, parent, used } of readProcesses()) {
    if (wanted.has(parent)) wanted.add(pid);
    if (wanted.has(pid)) seconds += used;
  }
  return seconds;
}

function readProcesses() {
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap(pid => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        // The command's name stands in parentheses and may contain any character. See proc(5).
        const fields = stat
          .slice(stat.lastIndexOf(')') + 2)
          .split(' ')
          .map(Number);
        return [{ pid, parent: fields[1]!, used: (fields[11]! + fields[12]!) / TICKS_PER_SECOND }];
      } catch {
        return [];
      }
    });
}
