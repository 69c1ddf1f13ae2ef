import type { ExecutionResult, FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { Operation, Supergraph } from '../execution/supergraph.ts';
import { completionErrors, type ErrorMask, toFormatted } from '../pipeline/error-mask.ts';
import { type SubgraphAnswer, sanitize } from '../subgraphs/client.ts';
import type { Upstreams } from '../subgraphs/upstreams.ts';
import { EventQueue } from './event-queue.ts';

/** A result of a live operation, the same for all who watch it. */
export interface LiveResult {
  /** The GraphQL response as JSON, made once. */
  text: string;
  errors: readonly GraphQLFormattedError[];
  /** May repeat an earlier result: the state again after a lost connection, or because of `refresh`. */
  again: boolean;
}

export interface LiveListener {
  result(result: LiveResult): void;
  end(): void;
}

export interface LiveOperation {
  /** Executes the last event once more. */
  refresh(): void;
  /** Ends it at the subgraph, too; the listener is not called any more. */
  stop(): void;
}

/** Starts a live operation. The listener is not called before this returns. */
export type Subscribe = (
  operation: Operation,
  context: GatewayContext,
  listener: LiveListener,
) => LiveOperation;

/** Events that wait while others are joined. */
const MAX_WAITING = 1_000;

/**
 * Live operations across subgraphs: the planner names one subgraph to subscribe to, and the executor joins each of its
 * events with the other subgraphs' fields, as if the event had been the first fetch of a query.
 */
export function createSubscribe(supergraph: Supergraph, upstreams: Upstreams, mask: ErrorMask): Subscribe {
  return function subscribe(operation, { identity, correlationId }, listener) {
    const queue = new EventQueue<{ answer: SubgraphAnswer; again: boolean }>(MAX_WAITING);
    let last: SubgraphAnswer | undefined;
    let unsubscribe = () => {};
    let stopped = false;

    const deliver = ({ data, errors, extensions }: Partial<ExecutionResult>, again = false) => {
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
      if (faults.length > 0) return deliver({ errors: faults });
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
      // One at a time, so that results keep the order of their events; those that come meanwhile wait in the queue.
      for await (const { answer, again } of queue) {
        last = answer;
        deliver(await supergraph.executeEvent(operation, plan, sanitize(answer), context), again);
      }
    }

    async function runToTheEnd() {
      // The caller has the returned operation before its first result.
      await undefined;
      if (stopped) return;
      try {
        await run();
      } catch (error) {
        deliver({ errors: [error as never] });
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
