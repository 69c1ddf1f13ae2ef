/** Makes the scheduled faults happen. They overlap: no fault waits for the end of another. */
import { setTimeout as pause } from 'node:timers/promises';
import { messages } from '#schema/messages/index.ts';
import { messageQueue } from '#shared/messaging/outbox.ts';
import type { Fault, Scheduled } from './schedule.ts';
import type { World } from './world.ts';

/** A fault that has happened. */
export interface Struck {
  fault: Fault;
  /** Milliseconds since 1970. */
  from: number;
  /** The time at which everything was back; null until then. */
  to: number | null;
  /** The reason why it could not be made to happen, such as a database that is already away. */
  missed: string | null;
}

/** With more faults at once nothing would work, and the run would only wait. */
const MOST_AT_ONCE = 3;

/** Makes faults happen until `wanted` returns false, then waits for their ends. */
export async function strike(
  world: World,
  schedule: Iterator<Scheduled>,
  wanted: (struck: number) => boolean,
): Promise<Struck[]> {
  const log: Struck[] = [];
  const running = new Set<Promise<void>>();
  while (wanted(log.length)) {
    const { afterMs, fault } = schedule.next().value as Scheduled;
    await pause(afterMs);
    const struck: Struck = { fault, from: Date.now(), to: null, missed: null };
    log.push(struck);
    const happening = insistOn(() => happen(world, fault))
      .catch(error => {
        struck.missed = error instanceof Error ? error.message || error.name : String(error);
      })
      .then(() => {
        struck.to = Date.now();
        running.delete(happening);
      });
    running.add(happening);
    if (running.size >= MOST_AT_ONCE) await Promise.race(running);
  }
  await Promise.all(running);
  return log;
}

const AGAIN_AFTER_MS = 300;
const INSIST_MS = 20_000;

/** A fault cannot hit a process or service that another fault has taken away: this waits for its return. */
async function insistOn(happens: () => Promise<void>): Promise<void> {
  const giveUpAt = Date.now() + INSIST_MS;
  for (;;) {
    try {
      return await happens();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await pause(AGAIN_AFTER_MS);
    }
  }
}

async function happen(world: World, fault: Fault): Promise<void> {
  const { stack } = world;
  const { ms } = fault;
  switch (fault.kind) {
    case 'killed':
      return world.takeDown(fault.target, 'SIGKILL', ms);
    case 'frozen':
      return world.freeze(fault.target, ms);
    case 'connections terminated':
      return terminate(world, fault.target, ms);
    case 'PostgreSQL killed':
      return world.takeDown('postgresql', fault.target, ms);
    case 'Redis killed':
      return world.killRedis(ms);
    case 'Redis flushed':
      return world.flushRedis();
    case 'Stripe ails': {
      const { target: kind, times } = fault;
      return post(`${stack.stripeSandboxUrl}/sandbox/faults`, { match: {}, kind, ms, status: 500, times });
    }
    case 'Stripe away':
      // The sandbox is stopped gracefully: when killed, it forgets what it has just done, and Stripe does not.
      return world.takeDown('stripe-sandbox', 'stop', ms);
    case 'webhooks paused':
      await post(`${stack.stripeSandboxUrl}/sandbox/webhooks/pause`);
      await pause(ms);
      return post(`${stack.stripeSandboxUrl}/sandbox/webhooks/resume`);
    case 'webhooks repeated':
      return repeatWebhooks(world);
    case 'mail ails': {
      const { target: kind, times } = fault;
      return post(`${stack.mailboxUrl}/api/faults`, { kind, ms, times });
    }
    case 'mail away':
      return world.takeDown('mailbox', 'SIGKILL', ms);
    case 'deliveries repeated':
      return repeatDeliveries(world, fault.target);
  }
}

async function post(url: string, body: object = {}): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${new URL(url).pathname} answers ${response.status}`);
}

/** Ends all connections of a database, and for `ms` longer each connection that begins a transaction. */
async function terminate(world: World, database: string, ms: number): Promise<void> {
  await world.sql('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [
    database,
  ]);
  // One statement that loops in the server, because this is quicker than any client.
  await world.sql(
    'postgres',
    `do $$ declare until timestamptz := clock_timestamp() + make_interval(secs => ${ms / 1_000}); begin
      while clock_timestamp() < until loop
        perform pg_stat_clear_snapshot();
        perform pg_terminate_backend(pid) from pg_stat_activity
          where datname = '${database}' and xact_start is not null and backend_type = 'client backend';
        perform pg_sleep(0.01);
      end loop;
    end $$`,
  );
}

async function repeatWebhooks({ stack }: World): Promise<void> {
  const url = `${stack.stripeSandboxUrl}/sandbox`;
  const response = await fetch(`${url}/deliveries?state=delivered`, { signal: AbortSignal.timeout(10_000) });
  const { data } = (await response.json()) as { data: { event: string }[] };
  const events = [...new Set(data.map(({ event }) => event))].slice(-30);
  for (const event of events.reverse()) await post(`${url}/events/${event}/resend`);
}

/** Resets handled messages of the last minute to the state after a lost acknowledgement: they are delivered again. */
async function repeatDeliveries(world: World, database: string): Promise<void> {
  for (const [name, { source, consumers }] of Object.entries(messages)) {
    if (source !== database || consumers.length === 0) continue;
    await world.sql(
      database,
      `update outbox set pending = $2::text[], due_at = clock_timestamp()
       where name = $1 and pending = '{}' and created_at > now() - interval '1 minute'`,
      [name, consumers.map(messageQueue)],
    );
  }
}
