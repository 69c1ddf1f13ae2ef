import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** One registry per process; served at GET /metrics. */
export function createMetrics(name: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ service: name });
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Histogram({
      name: 'guichet_request_seconds',
      help: 'Seconds to answer a GraphQL request',
      labelNames: ['outcome'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 3],
      registers: [registry],
    }),
    messages: new Counter({
      name: 'guichet_messages_total',
      help: 'Messages and jobs by name and what became of them (sent, redriven, handled, repeated, retried, overdue, dead)',
      labelNames: ['message', 'outcome'],
      registers: [registry],
    }),
    messageDelay: new Histogram({
      name: 'guichet_message_delay_seconds',
      help: 'Seconds from a message being written to it being handled',
      labelNames: ['message'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
      registers: [registry],
    }),
    overdueHandlers: new Gauge({
      name: 'guichet_overdue_handlers',
      help: 'Handlers that have not ended although their deadline is past',
      labelNames: ['queue'],
      registers: [registry],
    }),
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
