/**
 * Breaks a protection from outside: the run must then fail; otherwise it would not notice a fault in the code either.
 */
import type { Environment } from '#shared/kernel/settings.ts';
import type { Scheduled } from './schedule.ts';
import { SUBGRAPH_DATABASES } from './snapshot.ts';
import type { World } from './world.ts';

export const BREAKS = ['inbox', 'capacity', 'connections'] as const;
export type Break = (typeof BREAKS)[number];

/** The inbox immediately forgets the messages that it has handled, so that a repeated message takes effect again. */
const FORGET_HANDLED = `
  create function forget_handled() returns trigger language plpgsql as $$
  begin
    delete from inbox where event_id = new.event_id;
    return null;
  end $$;
  create trigger forget_handled after insert on inbox for each row execute function forget_handled()`;

/** The counter stays at zero, so that its condition always holds. */
const FORGET_TAKEN = `
  alter table quotas drop constraint quotas_never_oversold;
  create function forget_taken() returns trigger language plpgsql as $$
  begin
    new.taken := 0;
    return new;
  end $$;
  create trigger forget_taken before update on quotas for each row execute function forget_taken()`;

/** The environment with which the processes are started. */
export const environmentOf = (broken: Break | undefined): Environment =>
  broken === 'connections'
    ? { NODE_OPTIONS: `--import ${new URL('./leak-connections.ts', import.meta.url).href}` }
    : {};

export async function breakDatabases(world: World, broken: Break | undefined): Promise<void> {
  if (broken === 'inbox')
    for (const database of SUBGRAPH_DATABASES) await world.sql(database, FORGET_HANDLED);
  if (broken === 'capacity') await world.sql('tickets', FORGET_TAKEN);
}

/** The faults that the protection is meant for, more often than by chance. */
export function faultsFor(broken: Break | undefined): Scheduled[] {
  const round: Scheduled[] = [];
  if (broken === 'inbox')
    for (const target of ['orders', 'tickets', 'notifications'] as const)
      round.push({ afterMs: 500, fault: { kind: 'deliveries repeated', target, ms: 0 } });
  if (broken === 'connections')
    for (const target of ['orders', 'tickets'] as const)
      round.push({ afterMs: 200, fault: { kind: 'connections terminated', target, ms: 2_000 } });
  return Array.from({ length: 4 }, () => round).flat();
}
