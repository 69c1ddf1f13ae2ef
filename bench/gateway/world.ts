/**
 * Four subgraphs about events, small enough to keep in memory and connected enough to require joins in the gateway. The
 * schemas use only features of Federation 1, because one of the gateways supports nothing newer.
 */
import { parse } from 'graphql';

interface Ref {
  __typename?: string;
  id: string;
}

const PEOPLE = ['Ada', 'Blaise', 'Chloe', 'Denis', 'Elise', 'Fanny'].map((name, index) => ({
  id: `person-${index + 1}`,
  name: `${name} Dupont`,
  handle: `@${name.toLowerCase()}`,
}));
const EVENTS = Array.from({ length: 9 }, (_, index) => ({
  id: `event-${index + 1}`,
  name: `Night of ${index + 1} guitars`,
  price: 1_500 + 250 * index,
  seats: 40 * (index + 1),
}));
const REVIEWS = Array.from({ length: 15 }, (_, index) => ({
  id: `review-${index + 1}`,
  body: `Seen it ${index + 1} times, and will again.`,
  author: { id: PEOPLE[index % 5 === 4 ? 0 : index % 2]!.id },
  event: { id: EVENTS[(index * 2) % 5]!.id },
}));

const byId = <T extends Ref>(list: readonly T[]) => ({
  __resolveReference: ({ id }: Ref) => list.find(one => one.id === id),
});

export const SUBGRAPHS = {
  people: {
    typeDefs: parse(`
      type Person @key(fields: "id") { id: ID! name: String handle: String }
      extend type Query { people: [Person!] person(id: ID!): Person }`),
    resolvers: {
      Query: {
        people: () => PEOPLE,
        person: (_: unknown, { id }: Ref) => PEOPLE.find(one => one.id === id),
      },
      Person: byId(PEOPLE),
    },
  },
  events: {
    typeDefs: parse(`
      type Event @key(fields: "id") { id: ID! name: String price: Int seats: Int }
      extend type Query { topEvents(first: Int = 5): [Event!] }`),
    resolvers: {
      Query: { topEvents: (_: unknown, { first }: { first: number }) => EVENTS.slice(0, first) },
      Event: byId(EVENTS),
    },
  },
  boxoffice: {
    typeDefs: parse(`
      extend type Event @key(fields: "id") {
        id: ID! @external
        price: Int @external
        seats: Int @external
        onSale: Boolean
        fee: Int @requires(fields: "price seats")
      }`),
    resolvers: {
      Event: {
        __resolveReference: (ref: Ref) => ref,
        onSale: ({ id }: Ref) => id !== 'event-3',
        fee: ({ price, seats }: { price: number; seats: number }) =>
          Math.round(price / 20) + (seats > 100 ? 0 : 50),
      },
    },
  },
  reviews: {
    typeDefs: parse(`
      type Review @key(fields: "id") { id: ID! body: String author: Person event: Event }
      extend type Person @key(fields: "id") { id: ID! @external reviews: [Review] }
      extend type Event @key(fields: "id") { id: ID! @external reviews: [Review] }`),
    resolvers: {
      Review: {
        ...byId(REVIEWS),
        author: ({ author }: { author: Ref }) => ({ __typename: 'Person', ...author }),
        event: ({ event }: { event: Ref }) => ({ __typename: 'Event', ...event }),
      },
      Person: {
        __resolveReference: (ref: Ref) => ref,
        reviews: ({ id }: Ref) => REVIEWS.filter(({ author }) => author.id === id),
      },
      Event: {
        __resolveReference: (ref: Ref) => ref,
        reviews: ({ id }: Ref) => REVIEWS.filter(({ event }) => event.id === id),
      },
    },
  },
};

const EVENT = 'fragment EventParts on Event { id name price seats onSale fee }';
const PERSON = 'fragment PersonParts on Person { id name handle }';
const REVIEW = 'fragment ReviewParts on Review { id body }';

/** The operations that every gateway is asked. */
export const OPERATIONS = {
  small: 'query Small { people { id name handle } }',
  medium: `query Medium { topEvents { ...EventParts reviews { ...ReviewParts author { ...PersonParts } } } }
    ${EVENT} ${PERSON} ${REVIEW}`,
  heavy: `query Heavy {
      people {
        ...PersonParts
        reviews {
          ...ReviewParts
          event {
            ...EventParts
            reviews {
              ...ReviewParts
              author { ...PersonParts reviews { ...ReviewParts event { ...EventParts } } }
            }
          }
        }
      }
      topEvents {
        ...EventParts
        reviews {
          ...ReviewParts
          author { ...PersonParts reviews { ...ReviewParts event { ...EventParts } } }
        }
      }
    }
    ${EVENT} ${PERSON} ${REVIEW}`,
};
export type OperationName = keyof typeof OPERATIONS;
