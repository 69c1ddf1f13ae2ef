/** The subgraphs, in one list: everything that needs their names, ports or databases derives from it. */

export interface Subgraph {
  name: string;
  /** Where it listens, unless `<NAME>_PORT` says otherwise. */
  port: number;
  /** Where a container serves its plain routes, and nothing else, to the outside; published as `port`. */
  publicPort?: number;
}

export const SUBGRAPHS = [
  { name: 'users', port: 4001 },
  { name: 'orders', port: 4002 },
  { name: 'invoices', port: 4003, publicPort: 4103 },
  { name: 'payments', port: 4004, publicPort: 4104 },
  { name: 'tickets', port: 4005, publicPort: 4105 },
  { name: 'notifications', port: 4006 },
] as const satisfies readonly Subgraph[];
export type SubgraphName = (typeof SUBGRAPHS)[number]['name'];

export const SUBGRAPH_NAMES: readonly SubgraphName[] = SUBGRAPHS.map(({ name }) => name);

/** One database per subgraph, of the same name, and one for the queues, which is not used when they are on Redis. */
export const QUEUE_DATABASE = 'jobs';
export const DATABASES: string[] = [...SUBGRAPH_NAMES, QUEUE_DATABASE];

/** Where a subgraph listens, unless its environment says otherwise. */
export const portOf = (wanted: SubgraphName): number => SUBGRAPHS.find(({ name }) => name === wanted)!.port;

/** Where a subgraph is reached on a developer's machine. */
export const localUrlOf = (name: SubgraphName): string => `http://127.0.0.1:${portOf(name)}`;
