import { GraphQLError, GraphQLScalarType, parse } from 'graphql';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires",
  "@provides", "@external", "@shareable", "@interfaceObject", "@inaccessible"])`;

interface Ref {
  __typename?: string;
  id: string | number;
}

const users = ['ada', 'bob', 'eve', 'ghost', 'mute', 'spy', 'wild'];
const ref = (id: string): Ref => ({ __typename: 'User', id });
const BOOKS = [1, 2, 3].map(n => ({
  __typename: 'Book',
  id: `b${n}`,
  title: `Book ${n}`,
  pages: n === 3 ? null : n * 100,
  dimensions: n === 2 ? null : { w: n, h: n + 1 },
  tags: [['a', null], null, [`t${n}`]],
  details: { any: { thing: [n] } },
}));
const FILMS = [1, 2].map(n => ({ __typename: 'Film', id: `f${n}`, title: `Film ${n}`, minutes: n * 60 }));
const GIFTS = [1, 2].map(n => ({ __typename: 'Gift', id: n, label: `Gift ${n}` }));
const MEDIA = [...BOOKS, ...FILMS];
const byId = (id: unknown) => MEDIA.find(one => one.id === id) ?? null;
const typename = { __resolveType: (one: { __typename: string }) => one.__typename };

const REVIEWS = [1, 2, 3, 4, 5, 6].map(n => ({
  id: `r${n}`,
  stars: n,
  media: MEDIA[n % MEDIA.length]!.id,
  author: users[n % users.length]!,
}));

function fail(what: string): never {
  throw new GraphQLError(`${what} failed.`, { extensions: { code: 'NOT_FOUND' } });
}

/**
 * Subgraphs in which everything can happen that an executor must get right: entities behind lists of lists, that
 * are missing, that fail; interfaces whose fields their types narrow, interface objects, unions whose members have conflicting keys, `@requires` of nested
 * fields, `@provides`, and values the API does not know.
 */
export const world = {
  catalog: {
    typeDefs: parse(`${link}
      scalar JSON
      interface Media @key(fields: "id") { id: ID! title: String next: Media series: [Media] }
      type Book implements Media @key(fields: "id") {
        id: ID! title: String pages: Int dimensions: Dimensions tags: [[String]] details: JSON similar: [Media]
        next: Book series: [Book]
      }
      type Film implements Media @key(fields: "id") {
        id: ID! title: String minutes: Int! sequel: Film next: Film series: [Media]
      }
      type Gift @key(fields: "id") { id: Int! label: String }
      type Dimensions @shareable { w: Int! h: Int! }
      union Item = Book | Film | Gift
      type Query {
        media(first: Int = 3): [Media!]! items: [Item] books(first: Int): [Book!] film(id: ID!): Film
        shelves: [[Media]!] one(id: ID!): Media strict: [Book!]!
      }`),
    resolvers: {
      JSON: new GraphQLScalarType({ name: 'JSON' }),
      Media: { ...typename, __resolveReference: ({ id }: Ref) => byId(id) },
      Item: typename,
      Book: {
        __resolveReference: ({ id }: Ref) => byId(id),
        similar: ({ id }: Ref) => [byId('b1'), null, byId('f1'), byId(id)],
        next: ({ id }: Ref) => byId(id === 'b1' ? 'b3' : 'b1'),
        series: ({ id }: Ref) => [byId('b2'), byId(id)],
      },
      Film: {
        __resolveReference: ({ id }: Ref) => byId(id),
        sequel: ({ id }: Ref) => (id === 'f1' ? byId('f2') : fail('sequel')),
        next: ({ id }: Ref) => byId(id === 'f1' ? 'f2' : 'f1'),
        series: ({ id }: Ref) => [byId(id), null, byId('b1')],
      },
      Gift: { __resolveReference: ({ id }: Ref) => GIFTS.find(gift => gift.id === id) },
      Query: {
        media: (_: unknown, { first }: { first: number }) => MEDIA.slice(0, first),
        items: () => [BOOKS[0], GIFTS[0], null, FILMS[0], GIFTS[1]],
        books: (_: unknown, { first }: { first?: number }) => BOOKS.slice(0, first),
        film: (_: unknown, { id }: Ref) => byId(id),
        shelves: () => [[BOOKS[0], null, FILMS[1]], [], [BOOKS[0], BOOKS[2]]],
        one: (_: unknown, { id }: Ref) => byId(id),
        strict: () => BOOKS,
      },
    },
  },
  reviews: {
    typeDefs: parse(`${link}
      type Media @key(fields: "id") @interfaceObject { id: ID! reviews(n: Int = 2): [Review!]! average: Float }
      type Review @key(fields: "id") {
        id: ID! stars: Int! text: String media: Media! author: User @provides(fields: "name") editor: User
      }
      type User @key(fields: "id") { id: ID! name: String @external reviews(n: Int): [Review] }
      type Query { reviews(n: Int): [Review] best: Review top: [Media] }
      type Mutation { review(id: ID!): Review }
      type Subscription { reviewed: Review }`),
    resolvers: {
      Media: {
        __resolveReference: ({ id }: Ref) => ({ id }),
        reviews: ({ id }: Ref, { n }: { n: number }) => REVIEWS.filter(r => r.media === id).slice(0, n),
        average: ({ id }: Ref) => (id === 'f2' ? fail('average') : 3.5),
      },
      Review: {
        __resolveReference: ({ id }: Ref) => REVIEWS.find(r => r.id === id),
        text: ({ id }: Ref) => (id === 'r2' ? fail('text') : `Review ${id}`),
        media: ({ media }: { media: string }) => ({ id: media }),
        author: ({ author }: { author: string }) => ({ id: author, name: `name of ${author}` }),
        editor: ({ stars }: { stars: number }) => (stars === 3 ? null : ref(stars % 2 ? 'ada' : 'ghost')),
      },
      User: {
        __resolveReference: ({ id }: Ref) => ({ id }),
        reviews: ({ id }: Ref, { n }: { n?: number }) => REVIEWS.filter(r => r.author === id).slice(0, n),
      },
      Query: {
        reviews: (_: unknown, { n }: { n?: number }) => REVIEWS.slice(0, n),
        best: () => REVIEWS[4],
        top: () => [{ id: 'b1' }, { id: 'f2' }, null, { id: 'lost' }],
      },
      Mutation: { review: (_: unknown, { id }: Ref) => REVIEWS.find(r => r.id === id) },
    },
  },
  users: {
    typeDefs: parse(`${link}
      enum Role { ADMIN GUEST SPY @inaccessible }
      type User @key(fields: "id") {
        id: ID! name: String @shareable nick: String! role: Role friends: [User!]! rooms: [[User]] favorite: Media
        home: Address secret: String @inaccessible
      }
      interface Media @key(fields: "id") { id: ID! owner: User }
      type Book implements Media @key(fields: "id") { id: ID! owner: User }
      type Film implements Media @key(fields: "id") { id: ID! owner: User }
      type Address { street: String zip(format: String): Int lines: [String!] }
      type Query { me: User user(id: ID!): User users: [User!]! }
      type Mutation { rename(id: ID!, name: String): User }`),
    resolvers: {
      Media: {
        ...typename,
        __resolveReference: ({ id }: Ref) => ({
          __typename: String(id).startsWith('f') ? 'Film' : 'Book',
          id,
        }),
      },
      Book: { __resolveReference: ({ id }: Ref) => ({ __typename: 'Book', id }), owner: () => ref('ada') },
      Film: { __resolveReference: ({ id }: Ref) => ({ __typename: 'Film', id }), owner: () => ref('bob') },
      User: {
        __resolveReference: ({ id }: Ref) => (id === 'ghost' ? null : { id }),
        name: ({ id }: Ref) => (id === 'eve' ? fail('name') : `name of ${id}`),
        nick: ({ id }: Ref) => (id === 'mute' ? null : `nick of ${id}`),
        role: ({ id }: Ref) => (id === 'spy' ? 'SPY' : id === 'ada' ? 'ADMIN' : 'GUEST'),
        friends: ({ id }: Ref) =>
          users
            .filter(other => other > String(id))
            .slice(0, 3)
            .map(ref),
        rooms: ({ id }: Ref) => [[ref('bob'), null], null, [ref('ada'), ref(String(id))]],
        favorite: ({ id }: Ref) => ({
          __typename: id === 'bob' ? 'Film' : 'Book',
          id: id === 'bob' ? 'f2' : 'b2',
        }),
        home: ({ id }: Ref) => (id === 'bob' ? null : { street: `Street ${id}` }),
      },
      Address: {
        zip: (_: unknown, { format }: { format?: string }) => (format === 'bad' ? fail('zip') : 75001),
        lines: ({ street }: { street: string }) => (street.includes('eve') ? [street, null] : [street]),
      },
      Query: {
        me: () => ref('ada'),
        user: (_: unknown, { id }: Ref) => ref(String(id)),
        users: () => users.filter(id => id !== 'ghost').map(ref),
      },
      Mutation: { rename: (_: unknown, { id }: Ref) => ref(String(id)) },
    },
  },
  shipping: {
    typeDefs: parse(`${link}
      type Book @key(fields: "id") {
        id: ID! pages: Int @external dimensions: Dimensions @external
        weight: Int @requires(fields: "pages") box: String! @requires(fields: "dimensions { w h } pages")
      }
      type Dimensions @shareable { w: Int! h: Int! }
      type Film @key(fields: "id") { id: ID! weight: Int }
      type Gift @key(fields: "id") { id: Int! weight: Int wrap(color: String): String }
      type User @key(fields: "id") { id: ID! score: Int! level: Int parcels: [Gift!] }
      type Query { gift: Gift me2: User }`),
    resolvers: {
      Book: {
        __resolveReference: (book: Ref) => book,
        weight: ({ pages }: { pages: number | null }) => (pages === null ? null : pages * 3),
        box: ({ dimensions }: { dimensions?: { w: number; h: number } }) =>
          dimensions && `${dimensions.w}x${dimensions.h}`,
      },
      // Thrown outside of a promise: the whole fetch fails.
      Film: {
        __resolveReference: (film: Ref) => (film.id === 'f2' ? fail('the whole fetch') : film),
        weight: () => 1,
      },
      Gift: {
        __resolveReference: ({ id }: Ref) => ({ id }),
        weight: ({ id }: Ref) => id,
        wrap: (_: unknown, { color }: { color?: string }) => color ?? 'plain',
      },
      User: {
        __resolveReference: async ({ id }: Ref) =>
          id === 'wild' ? fail('the user') : id === 'spy' ? null : { id },
        score: () => 7,
        level: ({ id }: Ref) => (id === 'mute' ? fail('level') : 1),
        parcels: () => GIFTS,
      },
      Query: { gift: () => GIFTS[1], me2: () => ref('bob') },
    },
  },
};
