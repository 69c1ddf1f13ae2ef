import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What a process tells of the messages and jobs that it moves and handles. */
export function createMessageMetrics(registry: Registry) {
  return {
    messages: new Counter({
      name: 'guichet_messages_total',
      help: 'Number of messages and jobs, by name and by what became of them (sent, redriven, handled, repeated, retried, overdue, dead)',
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
      help: 'Number of handlers that have not ended although their time limit is past',
      labelNames: ['queue'],
      registers: [registry],
    }),
  };
}
export type MessageMetrics = ReturnType<typeof createMessageMetrics>;
