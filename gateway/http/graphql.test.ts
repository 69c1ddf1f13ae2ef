import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mintPassport, PASSPORT_HEADER, readPassport } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { follow } from '../test/live.ts';
import { ADA, type Stack, send, startStack, until } from '../test/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  stack.shop.payments.set('o1', [{ id: 'p1', status: 'PROCESSING' }]);
});
afterAll(() => stack.stop());
afterEach(() => {
  for (const standIn of [stack.users, stack.orders, stack.payments]) standIn.fault = 'none';
});

const json = { 'content-type': 'application/json' };
/** How often the subgraphs have been asked. */
const asked = () =>
  [stack.users, stack.orders, stack.payments].reduce((sum, { requests }) => sum + requests.length, 0);
const codes = (body: { errors?: { extensions: Record<string, unknown> }[] }) =>
  body.errors?.map(error => error.extensions.code);

test('a query is answered from several subgraphs', async () => {
  const { status, body } = await stack.ask(
    '{ order(id: "o1") { status payments { status } customer { displayName } } }',
  );
  expect(status).toBe(200);
  expect(body).toEqual({
    data: {
      order: {
        status: 'RESERVED',
        payments: [{ status: 'PROCESSING' }],
        customer: { displayName: 'user ada' },
      },
    },
  });
});

test('a query by GET is answered when it cannot have been sent by a foreign page unasked', async () => {
  const path = `/graphql?query=${encodeURIComponent('{ paymentCount }')}`;
  expect(
    (await send(stack.gateway, path, { headers: { 'apollo-require-preflight': '1' } })).body.data,
  ).toEqual({
    paymentCount: 1,
  });
});

test('A11: _entities and _service are not part of the API', async () => {
  const before = asked();
  const queries = [
    '{ _service { sdl } }',
    '{ _entities(representations: []) { __typename } }',
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { status } } }',
  ];
  for (const query of queries) {
    const variables = { r: [{ __typename: 'Order', id: 'o1' }] };
    const { status, body } = await stack.ask(query, { variables });
    expect([status, body.data]).toEqual([400, undefined]);
    for (const code of codes(body)!) expect(code).toBe('GRAPHQL_VALIDATION_FAILED');
  }
  expect(asked()).toBe(before);
});

test('A12: a mutation by GET is refused with 405, and not executed', async () => {
  const before = asked();
  const path = `/graphql?query=${encodeURIComponent('mutation { rename(displayName: "x") { id } }')}`;
  const { status, headers } = await send(stack.gateway, path, { headers: json });
  expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  expect(asked()).toBe(before);
});

test('A12: a request that a foreign page could send without a preflight is refused, and not executed', async () => {
  const before = asked();
  const get = await send(stack.gateway, '/graphql?query={paymentCount}');
  expect([get.status, codes(get.body)]).toEqual([400, ['BAD_REQUEST']]);
  const body = '{"query":"mutation { rename(displayName: \\"x\\") { id } }"}';
  for (const type of [
    'text/plain',
    'text/plain;application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ]) {
    const post = await send(stack.gateway, '/graphql', {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect([type, post.status, codes(post.body)]).toEqual([type, 400, ['BAD_REQUEST']]);
  }
  // Sent without a type, as a page can do with bytes.
  const untyped = await send(stack.gateway, '/graphql', { method: 'POST', body: Buffer.from(body) });
  expect(untyped.status).toBe(400);
  const xml = await send(stack.gateway, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/xml' },
    body: '<query/>',
  });
  expect(xml.status).toBe(415);
  expect(asked()).toBe(before);
});

test('A13: a body over 100 kB is answered 413 and malformed JSON 400, both as JSON', async () => {
  const post = (body: RequestInit['body']) =>
    send(stack.gateway, '/graphql', { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit);
  const ofSize = (bytes: number) => {
    const empty = JSON.stringify({ query: '{ paymentCount } #' });
    return empty.replace('#', `#${'x'.repeat(bytes - empty.length)}`);
  };
  const allowed = await post(ofSize(100_000));
  expect([allowed.status, allowed.body.data]).toEqual([200, { paymentCount: 1 }]);

  const before = asked();
  const chunked = new Blob([ofSize(300_000)]).stream();
  for (const body of [ofSize(100_001), ofSize(300_000), chunked]) {
    const { status, body: answer, headers } = await post(body);
    expect([status, codes(answer), headers.get('content-type')]).toEqual([
      413,
      ['BAD_REQUEST'],
      'application/json; charset=utf-8',
    ]);
  }
  for (const body of [
    '{"query":',
    '',
    'query',
    '{"query":"{ paymentCount }"}}',
    "{'query':'{ paymentCount }'}",
  ]) {
    const { status, body: answer, headers } = await post(body);
    expect([body, status, codes(answer)]).toEqual([body, 400, ['BAD_REQUEST']]);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
  }
  expect(asked()).toBe(before);
});

test('A14: in production a misspelled field gets no hint, and there is no introspection', async () => {
  const production = await startStack({
    NODE_ENV: 'production',
    INTERNAL_SECRET: 'an internal secret for this test',
    INVOICES_URL: 'http://127.0.0.1:1',
    TICKETS_URL: 'http://127.0.0.1:1',
    NOTIFICATIONS_URL: 'http://127.0.0.1:1',
  });
  try {
    const misspelled = await production.ask('{ paymentCoun }');
    expect(misspelled.status).toBe(400);
    expect(misspelled.text).not.toMatch(/did you mean|paymentCount/i);
    const wrongEnum = await production.ask('query ($c: Color) { paint(color: $c) }', {
      variables: { c: 'CRIMSOM' },
    });
    expect([wrongEnum.status, wrongEnum.text]).toEqual([400, expect.not.stringContaining('CRIMSON')]);
    // The same by the other ways in.
    const stream = await send(production.gateway, '/graphql/stream', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: '{ paymentCoun }' }),
    });
    expect(stream.text).toMatch(/GRAPHQL_VALIDATION_FAILED/);
    expect(stream.text).not.toMatch(/did you mean|paymentCount/i);
    const socket = follow(production.connect(), 'subscription { orderUpdate(orderId: "o1") { statu } }');
    const errors = JSON.stringify(await until('refused', () => socket.errors));
    expect(errors).toMatch(/GRAPHQL_VALIDATION_FAILED/);
    expect(errors).not.toMatch(/did you mean|orderUpdated/i);
    for (const query of [
      '{ __schema { types { name } } }',
      '{ paymentCount ...Paint } fragment Paint on Query { __type(name: "Paint") { isOneOf } }',
    ]) {
      const introspection = await production.ask(query);
      expect([introspection.status, introspection.body.data]).toEqual([400, undefined]);
    }
  } finally {
    await production.stop();
  }
  // The control: in development both help.
  expect((await stack.ask('{ paymentCoun }')).text).toMatch(/Did you mean/);
  expect((await stack.ask('{ __schema { queryType { name } } }')).body.data).toBeDefined();
});

test('A15: what a resolver throws is masked, with the correlation id to ask about it', async () => {
  const correlation = { 'x-correlation-id': 'support-case-7' };
  for (const field of ['uncoded', 'internal']) {
    const { body, text, headers } = await stack.ask(`{ ${field} }`, { headers: correlation });
    expect(text).not.toMatch(/secret_table|hunter2|10\.0\.0\.1|stack|orders/);
    expect(body.errors).toEqual([
      {
        message: expect.stringContaining('Something went wrong'),
        path: [field],
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'support-case-7' },
      },
    ]);
    expect(headers.get('x-correlation-id')).toBe('support-case-7');
  }
});

test('A15: a subgraph that answers HTML is a coded error beside the rest of the data', async () => {
  for (const fault of ['html', 'html 502'] as const) {
    stack.payments.fault = fault;
    const { status, body, text, headers } = await stack.ask(
      '{ order(id: "o1") { status payments { status } } }',
      { headers: { 'x-correlation-id': 'support-case-8' } },
    );
    expect([status, body.data]).toEqual([200, { order: { status: 'RESERVED', payments: null } }]);
    expect(codes(body)).toEqual(['UNAVAILABLE']);
    expect(headers.get('x-correlation-id')).toBe('support-case-8');
    expect(text).not.toMatch(/html|secret-banner|127\.0\.0\.1|10\.1/);
  }
});

test('A15: a subgraph that is down is a coded error without its address', async () => {
  await stack.payments.kill();
  const { body, text, headers } = await stack.ask('{ order(id: "o1") { status payments { status } } }');
  await stack.payments.start();
  expect(headers.get('x-correlation-id')).toMatch(/./);
  expect([body.data.order.status, codes(body)]).toEqual(['RESERVED', ['UNAVAILABLE']]);
  expect(text).not.toMatch(/ECONN|127\.0\.0\.1|:\d{4}/);
});

test('F7: a subgraph that hangs costs its time-out and its own part of the answer', async () => {
  stack.payments.fault = 'hang';
  // Which never answers: without a time-out this would not end.
  const { status, body } = await stack.ask('{ order(id: "o1") { status payments { status } } }');
  expect([status, body.data.order, codes(body)]).toEqual([
    200,
    { status: 'RESERVED', payments: null },
    ['UNAVAILABLE'],
  ]);
  expect(body.errors?.[0]?.path).toEqual(['order']);
});

test('a coded error of a subgraph reaches the client as it is, and nothing beside it', async () => {
  const { body } = await stack.ask('{ order(id: "nobody") { status } }');
  expect(body.errors).toEqual([
    { message: 'Order not found.', path: ['order'], extensions: { code: 'NOT_FOUND' } },
  ]);
});

test('A19: identity headers of the client end at the gateway', async () => {
  stack.users.requests.length = 0;
  const token = await stack.signToken();
  const { body } = await stack.ask('{ me { displayName } }', {
    token,
    headers: {
      [PASSPORT_HEADER]: 'forged',
      'x-user-id': 'admin',
      'x-viewer-role': 'ADMIN',
      cookie: 'session=1',
      'x-correlation-id': 'trace-1',
    },
  });
  expect(body.data).toEqual({ me: { displayName: 'Ada' } });
  const { headers } = stack.users.requests[0]!;
  expect(Object.keys(headers).sort()).toEqual(
    [
      'accept',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-correlation-id',
      'x-guichet-deadline',
      PASSPORT_HEADER,
    ].sort(),
  );
  expect(headers['x-correlation-id']).toBe('trace-1');
  expect(await readPassport(headers[PASSPORT_HEADER] as string, DEVELOPMENT_INTERNAL_SECRET)).toEqual(ADA);
});

test('A19: a passport that a client brings makes nobody of who is signed out', async () => {
  stack.users.requests.length = 0;
  // Even a good one: nobody but the gateway may bring it.
  const passport = await mintPassport(ADA, DEVELOPMENT_INTERNAL_SECRET);
  for (const header of [PASSPORT_HEADER, PASSPORT_HEADER.toUpperCase()]) {
    const { body } = await stack.ask('{ me { displayName } }', { headers: { [header]: passport } });
    expect(body.data).toEqual({ me: null });
  }
  const passports = stack.users.requests.map(({ headers }) => headers[PASSPORT_HEADER] as string);
  for (const given of passports) expect(await readPassport(given, DEVELOPMENT_INTERNAL_SECRET)).toBeNull();
});

test('a correlation id that could break a log or a header is replaced', async () => {
  for (const given of ['a b', '<script>', 'x'.repeat(129)]) {
    const { headers } = await stack.ask('{ paymentCount }', { headers: { 'x-correlation-id': given } });
    expect(headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('an array of operations is refused, as is a document that leaves open which operation is meant', async () => {
  const batch = await send(stack.gateway, '/graphql', {
    method: 'POST',
    headers: json,
    body: '[{"query":"{paymentCount}"}]',
  });
  expect([batch.status, codes(batch.body)]).toEqual([400, ['BAD_REQUEST']]);
  const two = 'query A { paymentCount } query B { paymentCount }';
  const unclear = await stack.ask(two);
  expect([unclear.status, codes(unclear.body)]).toEqual([400, ['OPERATION_RESOLUTION_FAILURE']]);
  expect((await stack.ask(two, { operationName: 'B' })).body.data).toEqual({ paymentCount: 1 });
});

test('a value that does not fit its variable is the client’s mistake, and a subscription belongs on a WebSocket', async () => {
  const { status, body } = await stack.ask('query ($id: ID!) { order(id: $id) { id } }', {
    variables: { id: [] },
  });
  expect([status, codes(body)]).toEqual([400, ['BAD_USER_INPUT']]);
  const live = await stack.ask('subscription { orderUpdated(orderId: "o1") { id } }');
  expect([live.status, codes(live.body)]).toEqual([400, ['BAD_REQUEST']]);
});

test('a value that only a subgraph knows to be wrong is the client’s mistake, too', async () => {
  const { body } = await stack.ask('query ($value: Odd) { odd(value: $value) }', { variables: { value: 4 } });
  expect(codes(body)).toEqual(['BAD_USER_INPUT']);
  expect(body.errors?.[0]?.message).toMatch(/An odd number is wanted/);
});

test('null where the schema promises a value is an error, not just null', async () => {
  stack.shop.orders.set('o2', { id: 'o2', status: 'PAID', owner: 'ghost' });
  const { body } = await stack.ask('{ order(id: "o2") { status customer { displayName } } }');
  expect(body).toEqual({
    data: { order: null },
    errors: [
      {
        message: expect.stringContaining('Something went wrong'),
        path: expect.arrayContaining(['order']),
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: expect.any(String) },
      },
    ],
  });
});

test('/ready asks every subgraph, /health none', async () => {
  await until('ready', async () => (await send(stack.gateway, '/ready')).status === 200);
  stack.orders.fault = 'not ready';
  const unready = await until('not ready', async () => {
    const answer = await send(stack.gateway, '/ready');
    return answer.status === 503 ? answer : undefined;
  });
  expect(unready.body).toEqual({
    ready: false,
    subgraphs: { users: 'ready', orders: 'not ready', payments: 'ready' },
  });
  expect((await send(stack.gateway, '/health')).status).toBe(200);
  stack.orders.fault = 'none';
  await until('ready again', async () => (await send(stack.gateway, '/ready')).status === 200);
});

test('/metrics counts requests by outcome', async () => {
  const { text } = await send(stack.gateway, '/metrics');
  expect(text).toMatch(/guichet_request_seconds_count\{.*outcome="ok".*\} [1-9]/);
  expect(text).toMatch(/guichet_live_sockets/);
});

test('with explicit CORS_ORIGINS only those pages get permission', async () => {
  const strict = await startStack({ CORS_ORIGINS: 'https://shop.example' });
  const preflight = (origin: string) =>
    send(strict.gateway, '/graphql', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
  try {
    const ours = await preflight('https://shop.example');
    expect([ours.status, ours.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://shop.example',
    ]);
    const foreign = await preflight('https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  } finally {
    await strict.stop();
  }
});
