/** Decides when which fault happens: drawn from the seed alone, before anything runs. */
import { SUBGRAPH_NAMES } from '../../schema/subgraphs.ts';
import { createRandom, deal, type Random } from './random.ts';

type Subgraph = (typeof SUBGRAPH_NAMES)[number];
export const PROCESSES = [...SUBGRAPH_NAMES, 'gateway'] as const;
const DATABASES = [...SUBGRAPH_NAMES, 'jobs'] as const;

/** Each fault begins at once and, when it has a duration, ends after `ms`. */
export type Fault =
  /** SIGKILL; the process is started again after `ms`. */
  | { kind: 'killed'; target: (typeof PROCESSES)[number]; ms: number }
  /** SIGSTOP; SIGCONT after `ms`. */
  | { kind: 'frozen'; target: (typeof PROCESSES)[number]; ms: number }
  /** Ends all connections of a database, then for `ms` longer each connection that is in a transaction. */
  | { kind: 'connections terminated'; target: (typeof DATABASES)[number]; ms: number }
  | { kind: 'PostgreSQL killed'; target: 'SIGKILL' | 'SIGQUIT'; ms: number }
  | { kind: 'Redis killed' | 'Redis flushed'; target: 'redis'; ms: number }
  /** The next `times` requests meet a fault of the sandbox (dev/stripe-sandbox/faults.ts). */
  | { kind: 'Stripe ails'; target: StripeFault; ms: number; times: number }
  | { kind: 'Stripe away'; target: 'stripe-sandbox'; ms: number }
  /** Webhooks are held back for `ms` and then sent all at once; or each is sent once more. */
  | { kind: 'webhooks paused' | 'webhooks repeated'; target: 'stripe-sandbox'; ms: number }
  /** The next `times` messages meet a fault of the mailbox (dev/mailbox/http.ts). */
  | { kind: 'mail ails'; target: MailFault; ms: number; times: number }
  | { kind: 'mail away'; target: 'mailbox'; ms: number }
  /** Acknowledgements are lost: the messages that a subgraph sent within the last minute are delivered once more. */
  | { kind: 'deliveries repeated'; target: Subgraph; ms: number };

const STRIPE_FAULTS = ['cut-before', 'cut-after', 'delay', 'delay-after', 'status'] as const;
type StripeFault = (typeof STRIPE_FAULTS)[number];
const MAIL_FAULTS = ['reject-4xx', 'reject-5xx', 'cut-after-data', 'delay'] as const;
type MailFault = (typeof MAIL_FAULTS)[number];

export interface Scheduled {
  /** Milliseconds after the previous fault. */
  afterMs: number;
  fault: Fault;
}

const ON_BOTH = [
  'killed',
  'killed',
  'killed',
  'frozen',
  'frozen',
  'connections terminated',
  'connections terminated',
  'PostgreSQL killed',
  'Stripe ails',
  'Stripe ails',
  'Stripe away',
  'webhooks paused',
  'webhooks repeated',
  'mail ails',
  'mail away',
  'deliveries repeated',
  'deliveries repeated',
] as const satisfies Fault['kind'][];

/** The kinds of faults; a kind is in the deck as many times as it happens in each pass through the deck. */
export const faultDeck = (backend: 'postgresql' | 'redis'): Fault['kind'][] =>
  backend === 'redis' ? [...ON_BOTH, 'Redis killed', 'Redis flushed'] : [...ON_BOTH];

/** The endless sequence of a run's faults, which may overlap. The `extra` faults come between the drawn ones. */
export function* scheduleFaults(
  seed: number,
  deck: Fault['kind'][],
  extra: Scheduled[] = [],
): Generator<Scheduled, never> {
  const random = createRandom(seed, 'faults');
  const kinds = deal(deck, random);
  const left = [...extra];
  for (;;) {
    yield { afterMs: random.int(300, 1_800), fault: draw(kinds.next().value, random) };
    if (left.length > 0) yield left.shift()!;
  }
}

function draw(kind: Fault['kind'], random: Random): Fault {
  const ms = random.int(300, 3_500);
  switch (kind) {
    case 'killed':
    case 'frozen':
      return { kind, target: random.pick(PROCESSES), ms };
    case 'connections terminated':
      return { kind, target: random.pick(DATABASES), ms: random.int(200, 1_500) };
    case 'PostgreSQL killed':
      return { kind, target: random.pick(['SIGKILL', 'SIGQUIT']), ms };
    case 'Redis killed':
    case 'Redis flushed':
      return { kind, target: 'redis', ms };
    case 'Stripe ails':
      return { kind, target: random.pick(STRIPE_FAULTS), ms, times: random.int(2, 5) };
    case 'mail ails':
      return { kind, target: random.pick(MAIL_FAULTS), ms, times: random.int(1, 3) };
    case 'mail away':
      return { kind, target: 'mailbox', ms };
    case 'deliveries repeated':
      return { kind, target: random.pick(SUBGRAPH_NAMES), ms: 0 };
    default:
      return { kind, target: 'stripe-sandbox', ms };
  }
}
