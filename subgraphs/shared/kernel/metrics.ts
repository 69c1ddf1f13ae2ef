import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

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
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
