import { hash } from 'node:crypto';
import { type DocumentNode, print } from 'graphql';
import { Gauge } from 'prom-client';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { GatewayContext } from '../context.ts';
import type { Operation } from '../execution/supergraph.ts';
import type { Identity } from '../identity/viewer.ts';
import type { LiveListener, LiveOperation, LiveResult, Subscribe } from './subscriptions.ts';

/**
 * Adds `member` to a live operation. It is given the current state first, until the returned function is called or the
 * operation ends. Operations that cannot have different results share one upstream, and each of its events is executed and
 * serialized once for all of them.
 */
export type JoinLive = (operation: Operation, context: GatewayContext, member: LiveListener) => () => void;

interface Parts {
  subscribe: Subscribe;
  /** Whether everybody sees the same of all that a document selects. */
  isPublic(document: DocumentNode): boolean;
  /** Those who are signed out, in whose name public operations run. */
  anonymous: Identity;
  metrics: Metrics;
}

/** Equal operations of viewers with equal rights. */
interface Group {
  members: Set<LiveListener>;
  /** Members who have been given no result. */
  waiting: Set<LiveListener>;
  last?: LiveResult;
  live: LiveOperation;
}

/** Codes that refuse an operation to one viewer, and not to all. */
const REFUSALS = new Set<unknown>(['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED']);

/**
 * A group is identified by text, variables and rights: those of one viewer, in however many tabs, or of no viewer. A public operation runs as if signed out, so that nothing private can get into what is shared; a viewer
 * to whom it is refused, like the organizer who watches a draft, is served with rights of their own instead.
 */
export function createLiveGroups({ subscribe, isPublic, anonymous, metrics }: Parts): JoinLive {
  const groups = new Map<string, Group>();
  const texts = new WeakMap<DocumentNode, string>();
  observeGroups(groups, metrics);

  function open(key: string, operation: Operation, context: GatewayContext): Group {
    const members = new Set<LiveListener>();
    const waiting = new Set<LiveListener>();
    const live = subscribe(operation, context, {
      result(result) {
        const known = result.again && result.text === group.last?.text;
        group.last = result;
        const receivers = [...(known ? waiting : members)];
        waiting.clear();
        for (const member of receivers) member.result(result);
      },
      end() {
        groups.delete(key);
        for (const member of members) member.end();
      },
    });
    const group: Group = { members, waiting, live };
    groups.set(key, group);
    return group;
  }

  function joinGroup(operation: Operation, context: GatewayContext, member: LiveListener): () => void {
    const { document, operationName = null, variables = {} } = operation;
    const key = hash(
      'sha256',
      JSON.stringify([textOf(document, texts), operationName, variables, context.identity.key]),
    );
    const group = groups.get(key) ?? open(key, operation, context);
    group.members.add(member);
    if (group.last?.errors.length === 0) member.result(group.last);
    else {
      group.waiting.add(member);
      // What failed for the other members may succeed at another attempt.
      if (group.last) group.live.refresh();
    }
    return () => {
      group.waiting.delete(member);
      if (!group.members.delete(member) || group.members.size > 0) return;
      if (groups.get(key) === group) groups.delete(key);
      group.live.stop();
    };
  }

  return function join(operation, context, member) {
    if (!isPublic(operation.document)) return joinGroup(operation, context, member);
    const asAnybody = { ...context, identity: anonymous };
    if (context.identity.key === anonymous.key) return joinGroup(operation, asAnybody, member);

    let isFirst = true;
    let leave = () => {};
    leave = joinGroup(operation, asAnybody, {
      result(result) {
        const refused = isFirst && result.errors.some(({ extensions }) => REFUSALS.has(extensions?.code));
        isFirst = false;
        if (!refused) return member.result(result);
        leave();
        leave = joinGroup(operation, context, member);
      },
      end: member.end,
    });
    return () => leave();
  };
}

/** The same for documents that differ in nothing but white space and commas. */
function textOf(document: DocumentNode, known: WeakMap<DocumentNode, string>): string {
  let text = known.get(document);
  if (text === undefined) {
    text = print(document);
    known.set(document, text);
  }
  return text;
}

function observeGroups(groups: Map<string, Group>, { registry }: Metrics) {
  new Gauge({
    name: 'guichet_live_groups',
    help: 'Live operations that run, equal ones of equal viewers counted once',
    registers: [registry],
    collect() {
      this.set(groups.size);
    },
  });
  new Gauge({
    name: 'guichet_live_operations',
    help: 'Live operations that clients watch',
    registers: [registry],
    collect() {
      this.set([...groups.values()].reduce((sum, { members }) => sum + members.size, 0));
    },
  });
}
