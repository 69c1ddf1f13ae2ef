import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { GatewayContext } from './context.ts';
import { type SubgraphAnswer, sanitize } from './data-source.ts';
import { EventQueue } from './event-queue.ts';
import { completionErrors, type Mask, toFormatted } from './mask.ts';
import type { Operation, Supergraph } from './supergraph.ts';
import type { Upstreams } from './upstreams.ts';

export type LiveResults = AsyncGenerator<FormattedExecutionResult, void, void>;

/** Starts a live operation; `return()` on its results ends it at the subgraph, too. */
export type Subscribe = (operation: Operation, context: GatewayContext) => LiveResults;

/** Results that wait while a client reads slowly. */
const MAX_WAITING = 100;

interface Event {
  answer: SubgraphAnswer;
  resumed: boolean;
}

/**
 * Live operations across subgraphs: the planner names one subgraph to subscribe to, and the gateway's executor
 * joins each of its events with what the others know, as if the event had been the first fetch of a query.
 */
export function createSubscribe(supergraph: Supergraph, upstreams: Upstreams, mask: Mask): Subscribe {
  function maskResult(
    { data, errors, extensions }: Partial<ExecutionResult>,
    { correlationId }: GatewayContext,
  ): FormattedExecutionResult {
    const faults = errors ?? completionErrors(extensions);
    return {
      ...(faults.length > 0 && {
        errors: faults.map(error => mask(toFormatted(error), error, correlationId)),
      }),
      ...(data !== undefined && { data }),
    };
  }

  return function subscribe(operation, context) {
    const queue = new EventQueue<Event>(MAX_WAITING);
    let unsubscribe = () => {};

    async function* results(): LiveResults {
      const faults = supergraph.checkVariables(operation);
      if (faults.length > 0) {
        yield maskResult({ errors: faults }, context);
        return;
      }
      const plan = supergraph.planSubscription(operation);
      const { serviceName, operation: query, operationName, variableUsages = [] } = plan.primary;
      const given = operation.variables ?? {};
      const variables = Object.fromEntries(
        variableUsages.filter(name => given[name] !== undefined).map(name => [name, given[name]]),
      );
      if (queue.ended) return;
      unsubscribe = upstreams.subscribe(serviceName, { query, operationName, variables }, context, {
        event: (answer, resumed) => queue.push({ answer, resumed }),
        end: () => queue.end(),
      });
      let last: FormattedExecutionResult | undefined;
      // One at a time: results keep the order of their events, and what comes meanwhile waits in the queue.
      for await (const { answer, resumed } of queue) {
        const executed = await supergraph.executeEvent(operation, plan, sanitize(answer), context);
        const result = maskResult(executed, context);
        if (queue.ended && unsubscribed) return;
        // After a lost connection the subgraph tells its current state again: old news to this client, perhaps.
        if (resumed && last && JSON.stringify(result) === JSON.stringify(last)) continue;
        last = result;
        yield result;
      }
    }

    let unsubscribed = false;
    const generator = results();
    // The generator's own return() would wait for the next event before it let go.
    generator.return = async () => {
      unsubscribed = true;
      unsubscribe();
      queue.end({ discard: true });
      return { value: undefined, done: true };
    };
    return generator;
  };
}
