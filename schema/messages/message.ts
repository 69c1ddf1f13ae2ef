import type { z } from 'zod';
import type { SubgraphName } from '../subgraphs.ts';

/** What an owner says of one of its messages. */
interface MessageDefinition<D extends z.ZodType> {
  /** Who acts on it. Each must have a handler, or its process does not start. */
  consumers: readonly SubgraphName[];
  /** Parsed when the message is sent, and again when it is received. */
  data: D;
  /** Of the meaning of `data`, 1 unless told; travels as `dataversion`. A changed meaning gets a higher one. */
  version?: number;
  /**
   * Versions that may still be under way, from an outbox of the former release: each schema turns what came into
   * today's data. Remove one when no such message can be left.
   */
  formerVersions?: Readonly<Record<number, z.ZodType<z.output<D>>>>;
  /** Topics of live.ts that subscriptions listen on; null counts as none. */
  live?: (data: z.output<D>) => (string | null)[];
  /** Whether nobody waits for it: in the outbox and in the queues, what a buyer waits for overtakes it. */
  background?: boolean | ((data: z.output<D>) => boolean);
}

/** A message of the catalogue. */
export interface Message<D extends z.ZodType = z.ZodType> {
  /** The subgraph that sends it. */
  source: SubgraphName;
  consumers: readonly SubgraphName[];
  version: number;
  /** Schema of today's version. */
  data: D;
  /** The schema by which data of this version becomes today's; undefined for a version that is not known here. */
  schemaOf(version: number): z.ZodType | undefined;
  liveTopics(data: z.output<D>): string[];
  isBackground(data: z.output<D>): boolean;
}

/** What defines the messages that a subgraph sends. */
export const messagesFrom =
  (source: SubgraphName) =>
  <D extends z.ZodType>(definition: MessageDefinition<D>): Message<D> => {
    const { consumers, data, formerVersions = {}, live, background = false } = definition;
    return {
      source,
      consumers,
      version: definition.version ?? 1,
      data,
      schemaOf(version) {
        return version === this.version ? data : formerVersions[version];
      },
      liveTopics: data => (live?.(data) ?? []).filter(topic => topic !== null),
      isBackground: data => (typeof background === 'function' ? background(data) : background),
    };
  };
