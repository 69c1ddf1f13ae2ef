/** The requests that the API refuses, in each kind of refusal. */
import type { Answer, ApiClient } from '../../dev/buyer/client.ts';
import { listEvents } from '../../dev/buyer/purchase.ts';

const MISSING = '01900000-0000-7000-8000-00000000dead';
const ORDER = 'query ($id: ID!) { order(id: $id) { status } }';
const ORGANIZERS = '{ events { nodes { title organizer { displayName email } } } }';
const SEVERAL = `query ($id: ID!) {
  me { displayName orders(first: 1000) { totalCount } }
  order(id: $id) { status }
  ours: payment(id: $id) { status }
  events(first: 1) { nodes { title } }
}`;
const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  __typename ... on Error { message } ... on InvalidInput { issues { path message } } } }`;
const SCAN = 'mutation ($input: ScanTicketInput!) { scanTicket(input: $input) { __typename } }';
const CREATE_EVENT = 'mutation ($input: CreateEventInput!) { createEvent(input: $input) { __typename } }';
const LOGIN =
  'mutation ($input: LoginInput!) { login(input: $input) { __typename ... on Error { message } } }';
const REGISTER =
  'mutation ($input: RegisterInput!) { register(input: $input) { __typename ... on Error { message } } }';

export const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code);

/** `expected`: codes of errors, or the type of a mutation's answer. */
type Refusal = [what: string, as: ApiClient, query: string, variables: object, expected: string[]];

/** Tries impossible requests; returns the expected and the actual result of each. */
export async function refusals(nobody: ApiClient, buyer: ApiClient, email: string) {
  const [event] = await listEvents(nobody);
  const eventId = event!.id;
  const productId = event!.products[0]!.id;
  const id = MISSING;
  const place = (quantity: number) => ({ idempotencyKey: 'refused', lines: [{ productId, quantity }] });
  const day = new Date(Date.now() + 86_400_000).toISOString();
  const newEvent = { title: 'Mine', startsAt: day, endsAt: day, timezone: 'Europe/Paris' };
  const account = { email, password: 'another long password', displayName: 'Somebody else' };

  const all: Refusal[] = [
    ['somebody who is signed out', nobody, '{ orders { totalCount } }', {}, ['UNAUTHENTICATED']],
    ['a field of each entry of a list', buyer, ORGANIZERS, {}, ['FORBIDDEN']],
    ['what is not there', buyer, ORDER, { id }, ['NOT_FOUND']],
    ['some of several fields', buyer, SEVERAL, { id }, ['BAD_USER_INPUT', 'NOT_FOUND']],
    ['a variable of another type', buyer, ORDER, { id: {} }, ['BAD_USER_INPUT']],
    ['a variable that is left out', buyer, ORDER, {}, ['BAD_USER_INPUT']],
    ['a field that there is not', buyer, '{ me { id } orders { total } }', {}, ['GRAPHQL_VALIDATION_FAILED']],
    ['what is not GraphQL', buyer, '{ me', {}, ['GRAPHQL_PARSE_FAILED']],
    ['a right of staff', buyer, SCAN, { input: { eventId, qrCode: 'x', nonce: 'once' } }, ['FORBIDDEN']],
    ['a right of organizers', buyer, CREATE_EVENT, { input: newEvent }, ['FORBIDDEN']],
    ['half a seat', buyer, PLACE, { input: place(1.5) }, ['BAD_USER_INPUT']],
    ['no seat', buyer, PLACE, { input: place(0) }, ['InvalidInput']],
    ['a wrong password', nobody, LOGIN, { input: { email, password: 'wrong' } }, ['InvalidCredentials']],
    ['an address that is taken', nobody, REGISTER, { input: account }, ['EmailTaken']],
  ];
  const tried = [];
  for (const [what, as, query, variables, expected] of all) {
    const answer = await as.ask(query, { ...variables });
    const [first] = Object.values<{ __typename?: string } | null>(answer.data ?? {});
    const found = answer.errors ? [...new Set(codesOf(answer))].sort() : [first?.__typename];
    tried.push({ what, expected, found });
  }
  return tried;
}
