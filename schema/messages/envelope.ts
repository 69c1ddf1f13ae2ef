/** A message's outside: CloudEvents 1.0 attribute names, and three extension attributes. */
import { z } from 'zod';

/** Of a message without `dataversion`: all messages had one meaning before they carried their version. */
const FIRST_VERSION = 1;

export const envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  time: z.iso.datetime(),
  subject: z.string().optional(),
  /** Extension: goes with everything that one click causes. */
  correlationid: z.string().optional(),
  /** Extension (Distributed Tracing). */
  traceparent: z.string().optional(),
  /**
   * Extension: the version of `data`'s meaning, a CloudEvents Integer (a number in JSON) that counts up from 1. Jobs
   * have none: they stay within their subgraph.
   */
  dataversion: z.int().positive().default(FIRST_VERSION),
  data: z.unknown(),
});

/** As it travels: what an older release has written may lack what the schema fills in. */
export type Envelope = z.input<typeof envelope>;
