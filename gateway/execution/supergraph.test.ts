import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getIntrospectionQuery, graphqlSync, parse, printSchema, validate } from 'graphql';
import { createLog } from '#shared/kernel/log.ts';
import { readGatewaySettings } from '../settings.ts';
import { loadSupergraph, type Supergraph } from './supergraph.ts';

let supergraph: Supergraph;
beforeAll(async () => {
  supergraph = loadSupergraph(readGatewaySettings({}), createLog('test', 'silent'));
  await supergraph.gateway.load();
});
afterAll(async () => {
  await supergraph.gateway.stop();
  await supergraph.close();
});

const plan = (query: string) =>
  supergraph.planSubscription({
    document: parse(query),
    queryHash: query,
    operationName: undefined,
    variables: {},
  });

test('the committed supergraph has a data source for each of the six subgraphs', () => {
  expect([...supergraph.subgraphs].map(([name, { endpoint }]) => `${name} ${endpoint}`).sort()).toEqual([
    'invoices http://127.0.0.1:4003/graphql',
    'notifications http://127.0.0.1:4006/graphql',
    'orders http://127.0.0.1:4002/graphql',
    'payments http://127.0.0.1:4004/graphql',
    'tickets http://127.0.0.1:4005/graphql',
    'users http://127.0.0.1:4001/graphql',
  ]);
});

test('the whole story of a purchase is one subscription at orders, joined from four other subgraphs', () => {
  const { primary, rest } = plan(`subscription Purchase($orderId: ID!) { orderUpdated(orderId: $orderId) {
    status payments { status clientSecret nextActionUrl } invoice { number status pdfUrl }
    tickets { code qrCode pdfUrl } notifications { status subject } } }`);
  expect([primary.serviceName, primary.variableUsages]).toEqual(['orders', ['orderId']]);
  const asked = JSON.stringify(rest).match(/"serviceName":"\w+"/g);
  expect(asked?.map(text => text.slice(15, -1)).sort()).toEqual([
    'invoices',
    'notifications',
    'payments',
    'tickets',
  ]);
});

test('every subscription of the API can be planned', () => {
  const fields = supergraph.gateway.schema!.getSubscriptionType()!.getFields();
  const services = Object.values(fields).map(({ name, args }) => {
    const given = args.map(arg => `${arg.name}: "x"`).join(' ');
    return [
      name,
      plan(`subscription { ${name}${given && `(${given})`} { __typename id } }`).primary.serviceName,
    ];
  });
  expect(Object.fromEntries(services)).toEqual({
    availabilityChanged: 'tickets',
    notificationReceived: 'notifications',
    orderUpdated: 'orders',
    paymentUpdated: 'payments',
    ticketScanned: 'tickets',
  });
});

test('the API can be introspected and printed, defaults that are objects included', () => {
  const schema = supergraph.gateway.schema!;
  const { data, errors } = graphqlSync({ schema, source: getIntrospectionQuery() });
  expect(errors).toBeUndefined();
  expect(JSON.stringify(data)).toContain('SendNotificationInput');
  expect(printSchema(schema)).toContain('input SendNotificationInput');
});

test('the operations that the playground opens with are valid', async () => {
  const path = '../playground/tabs.js';
  const { tabs } = (await import(path)) as { tabs: { query: string; headers: string; variables?: string }[] };
  for (const { query, headers, variables = '{}' } of tabs) {
    expect(validate(supergraph.gateway.schema!, parse(query))).toEqual([]);
    expect(() => [JSON.parse(headers), JSON.parse(variables)]).not.toThrow();
  }
});
