import type { ExecutionResult, FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { Operation, Supergraph } from '../execution/supergraph.ts';
import { completionErrors, type Mask, toFormatted } from '../pipeline/error-mask.ts';
import { type SubgraphAnswer, sanitize } from '../subgraphs/client.ts';
import type { Upstreams } from '../subgraphs/upstreams.ts';
import { EventQueue } from './event-queue.ts';

/** A result of a live operation, as all who watch it are told. */
export interface LiveResult {
  /** The GraphQL response as JSON, made once. */
  text: string;
  errors: readonly GraphQLFormattedError[];
  /** May repeat what was told before: the state again after a lost connection, or because of `refresh`. */
  again: boolean;
}

export interface LiveListener {
  result(result: LiveResult): void;
  end(): void;
}

export interface LiveOperation {
  /** Executes the last event once more. */
  refresh(): void;
  /** Ends it at the subgraph, too; the listener is told nothing more. */
  stop(): void;
}

/** Starts a live operation. Nothing is told before the call returns. */
export type Subscribe = (
  operation: Operation,
  context: GatewayContext,
  listener: LiveListener,
) => LiveOperation;

/** Events that wait while others are joined. How fast clients read does not matter here. */
const MAX_WAITING = 1_000;

/**
 * Live operations across subgraphs: the planner names one subgraph to subscribe to, and the gateway's executor
 * joins each of its events with what the others know, as if the event had been the first fetch of a query.
 */
export function createSubscribe(supergraph: Supergraph, upstreams: Upstreams, mask: Mask): Subscribe {
  return function subscribe(operation, { identity, correlationId }, listener) {
    const queue = new EventQueue<{ answer: SubgraphAnswer; again: boolean }>(MAX_WAITING);
    let last: SubgraphAnswer | undefined;
    let unsubscribe = () => {};
    let stopped = false;

    const tell = ({ data, errors, extensions }: Partial<ExecutionResult>, again = false) => {
      if (stopped) return;
      const masked = (errors ?? completionErrors(extensions)).map(error =>
        mask(toFormatted(error), error, correlationId),
      );
      const result: FormattedExecutionResult = {
        ...(masked.length > 0 && { errors: masked }),
        ...(data !== undefined && { data }),
      };
      listener.result({ text: JSON.stringify(result), errors: masked, again });
    };

    async function run() {
      const faults = supergraph.checkVariables(operation);
      if (faults.length > 0) return tell({ errors: faults });
      const plan = supergraph.planSubscription(operation);
      const { serviceName, operation: query, operationName, variableUsages = [] } = plan.primary;
      const given = operation.variables ?? {};
      const variables = Object.fromEntries(
        variableUsages.filter(name => given[name] !== undefined).map(name => [name, given[name]]),
      );
      const context = { identity, correlationId };
      unsubscribe = upstreams.subscribe(serviceName, { query, operationName, variables }, context, {
        event: (answer, again) => queue.push({ answer, again }),
        end: () => queue.end(),
      });
      // One at a time: results keep the order of their events, and what comes meanwhile waits in the queue.
      for await (const { answer, again } of queue) {
        last = answer;
        // A context of its own for each event, since data sources keep in it what belongs to one execution.
        tell(
          await supergraph.executeEvent(operation, plan, sanitize(answer), { identity, correlationId }),
          again,
        );
      }
    }

    async function runToTheEnd() {
      // Whoever subscribes gets hold of the operation before its first result.
      await undefined;
      if (stopped) return;
      try {
        await run();
      } catch (error) {
        tell({ errors: [error as never] });
      }
      unsubscribe();
      if (!stopped) listener.end();
    }
    void runToTheEnd();

    return {
      refresh() {
        if (last) queue.push({ answer: last, again: true });
      },
      stop() {
        stopped = true;
        unsubscribe();
        queue.end({ discard: true });
      },
    };
  };
}
