import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, type GraphQLAnswer, viewerWith } from '#shared/test/world.ts';
import { orderRequest, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const SEND = `mutation ($input: SendNotificationInput!) { sendNotification(input: $input) {
  __typename
  ... on Notification { id status channel template recipient subject body provider scheduledAt event { id } }
  ... on InvalidInput { issues { path message } }
  ... on Error { message }
} }`;
const sendAs = (viewer: Viewer | null, input: object) => world.ask(viewer, SEND, { input });
const send = async (input: object, viewer = viewerWith('STAFF')) =>
  (await sendAs(viewer, { template: 'announcement', data: { title: 'Titre', text: 'Texte' }, ...input })).data
    .sendNotification;
const inApp = (userId: string, title: string) =>
  send({ to: userId, channel: 'IN_APP', data: { title, text: 'x' } });
const codeOf = ({ errors }: GraphQLAnswer) => errors?.[0]?.extensions.code;

test('staff write to an address: queued at once, sent, its status to be read', async () => {
  const to = `${v7()}@example.org`;
  const eventId = v7();
  const sent = await send({ to, eventId, data: { title: 'Portes à 19 h', text: 'À ce soir !\n\n<b>&</b>' } });
  expect(sent).toMatchObject({ status: 'QUEUED', channel: 'EMAIL', recipient: to, event: { id: eventId } });
  const mail = await eventually(() => world.mailsTo(to)[0]);
  expect(mail).toMatchObject({ subject: 'Portes à 19 h', text: expect.stringContaining('À ce soir') });
  expect(mail.html).toContain('&lt;b&gt;&amp;&lt;/b&gt;');
  await eventually(async () => {
    const QUERY = 'query ($id: ID!) { notification(id: $id) { status provider providerMessageId sentAt } }';
    const { data } = await world.ask(viewerWith('STAFF'), QUERY, { id: sent.id });
    return data.notification.status === 'SENT' && data.notification.providerMessageId === mail.messageId;
  });
});

test('what is wrong with a notification is named, field by field, and nothing is made of it', async () => {
  const before = await world.sql('select count(*) from notifications');
  const issues = async (input: object) => (await send({ to: 'a@example.org', ...input })).issues;
  expect(await issues({ template: 'no-such' })).toMatchObject([{ path: 'template' }]);
  expect(await issues({ data: { text: 'x' } })).toEqual([{ path: 'data.title', message: 'is missing' }]);
  expect(await issues({ data: {} })).toHaveLength(2);
  expect(await issues({ data: { title: ' ', text: { a: 1 } } })).toMatchObject([{ path: 'data.text' }]);
  expect(
    (await issues({ template: 'order-confirmed', data: {} })).map((i: { path: string }) => i.path),
  ).toContain('data.number');
  for (const to of ['nobody', 'a@example.org\r\nBcc: b@example.org', 'a@example.org,b@example.org', ''])
    expect(await issues({ to })).toMatchObject([{ path: 'to' }]);
  expect(await issues({ to: 'nobody', channel: 'IN_APP' })).toMatchObject([{ path: 'to' }]);
  for (const channel of ['SMS', 'WEBHOOK'])
    expect(await issues({ channel })).toEqual([{ path: 'channel', message: 'channel not available yet' }]);
  expect(await issues({ scheduledAt: '2999-01-01T00:00:00Z' })).toMatchObject([{ path: 'scheduledAt' }]);
  expect(await issues({ eventId: 'none' })).toMatchObject([{ path: 'eventId' }]);
  expect(await world.sql('select count(*) from notifications')).toEqual(before);
});

test('customers and the signed out send nothing; organizers may', async () => {
  const input = { to: 'a@example.org', template: 'announcement', data: { title: 'T', text: 'x' } };
  expect(codeOf(await sendAs(viewerWith('CUSTOMER'), input))).toBe('FORBIDDEN');
  expect(codeOf(await sendAs(null, input))).toBe('UNAUTHENTICATED');
  expect((await sendAs(viewerWith('ORGANIZER'), input)).data.sendNotification.__typename).toBe(
    'Notification',
  );
});

test('a retry with the same key is the same notification, also at the same time; another input conflicts', async () => {
  const staff = viewerWith('STAFF');
  const input = { to: `${v7()}@example.org`, idempotencyKey: 'k1' };
  const answers = await Promise.all(Array.from({ length: 10 }, () => send(input, staff)));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect((await send({ ...input, priority: 'HIGH' }, staff)).__typename).toBe('IdempotencyConflict');
  expect((await send(input, viewerWith('STAFF'))).id).not.toBe(answers[0].id);
});

test('a notification for later waits until then', async () => {
  const to = `${v7()}@example.org`;
  const scheduledAt = new Date(Date.now() + 700).toISOString();
  expect(await send({ to, scheduledAt })).toMatchObject({ status: 'SCHEDULED', scheduledAt });
  const userId = v7();
  await send({ to: userId, channel: 'IN_APP', scheduledAt });
  await eventually(() => world.mailsTo(to).length === 1);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(scheduledAt));
  await eventually(async () => {
    const [row] = await world.sql('select * from notifications where user_id = $1', [userId]);
    return row!.status === 'DELIVERED' && row!.delivered_at;
  });
});

test('an account has a language and a mailbox: messages to either are its own', async () => {
  const userId = v7();
  const email = `${userId}@example.org`;
  const contact = { userId, email, displayName: 'Tom', locale: 'en' };
  await world.messenger.deliver('user.registered', contact);
  await world.messenger.deliver('user.registered', contact);
  await eventually(
    async () => (await world.sql('select 1 from contacts where user_id = $1', [userId])).length,
  );
  await send({ to: email.toUpperCase() });
  const total = { amount: 4_200, currency: 'EUR' };
  const fact = { orderId: null, customerId: userId, total };
  await world.messenger.deliver('invoice.paid', { ...fact, invoiceId: v7(), number: 'F-1' });
  await world.messenger.deliver('credit_note.issued', {
    ...fact,
    invoiceId: v7(),
    creditNoteId: v7(),
    number: 'A-1',
  });
  const QUERY = '{ notifications { nodes { channel status subject body } } }';
  const { nodes } = await eventually(async () => {
    const { data } = await world.ask(viewerWith('CUSTOMER', { id: userId }), QUERY);
    return data.notifications.nodes.length === 3 && data.notifications;
  });
  expect(nodes).toContainEqual(expect.objectContaining({ channel: 'EMAIL', subject: 'Titre' }));
  expect(nodes).toContainEqual({
    channel: 'IN_APP',
    status: 'DELIVERED',
    subject: 'Invoice F-1 paid',
    body: 'We have received €42.00. Your invoice is ready.',
  });
  expect(nodes).toContainEqual(expect.objectContaining({ subject: 'Credit note A-1' }));
});

test('a declined card and a suspected fraud are told once, to whom they concern', async () => {
  const [customerId, organizerId, paymentId, eventId] = [v7(), v7(), v7(), v7()];
  const declined = {
    paymentId,
    paymentIntentId: 'pi_1',
    orderId: v7(),
    customerId,
    success: false,
    requiresAction: false,
    status: 'REQUIRES_PAYMENT_METHOD' as const,
    amount: { amount: 990, currency: 'EUR' },
    error: 'Your card was declined.',
  };
  for (let i = 0; i < 3; i++) await world.messenger.deliver('payment.card.result', declined);
  const fraud = { eventId, organizerId, ticketId: v7(), scanId: v7(), reason: 'used twice' };
  for (let i = 0; i < 3; i++) await world.messenger.deliver('ticket.fraud.suspected', fraud);
  const quiet = { ...declined, paymentId: v7(), error: null };
  await world.messenger.deliver('payment.card.result', {
    ...quiet,
    requiresAction: true,
    status: 'REQUIRES_ACTION',
  });
  await world.messenger.deliver('payment.card.result', { ...quiet, status: 'PROCESSING' });
  await world.messenger.deliver('payment.card.result', { ...quiet, success: true, status: 'SUCCEEDED' });
  await eventually(async () => (await world.sql('select 1 from inbox')).length >= 9);
  const of = (userId: string) =>
    world.sql('select template, status, body, order_id, event_id from notifications where user_id = $1', [
      userId,
    ]);
  expect(await of(customerId)).toEqual([
    expect.objectContaining({
      template: 'payment-declined',
      status: 'DELIVERED',
      order_id: declined.orderId,
      body: expect.stringMatching(/9,90\s€ a été refusé : Your card was declined\./),
    }),
  ]);
  expect(await of(organizerId)).toEqual([
    expect.objectContaining({ template: 'fraud-suspected', event_id: eventId }),
  ]);
});

test("A20: another's notification is NOT_FOUND as a missing one, and absent from lists and joins", async () => {
  const request = orderRequest();
  await world.messenger.deliver('notification-send-request', request);
  await eventually(async () => (await world.rowOf(request.orderId))?.status === 'SENT');
  const { id } = await world.rowOf(request.orderId);
  const ONE = 'query ($id: ID!) { notification(id: $id) { id order { id } } }';
  const JOINS = `query ($r: [_Any!]!) { _entities(representations: $r) {
    ... on Notification { status } ... on Order { told: notifications { id } }
    ... on User { notifications { nodes { id } totalCount } } } }`;
  const r = [
    { __typename: 'Notification', id },
    { __typename: 'Order', id: request.orderId },
    { __typename: 'User', id: request.customer.id },
  ];
  const owner = viewerWith('CUSTOMER', { id: request.customer.id });
  const whole = [
    { status: 'SENT' },
    { told: [{ id }] },
    { notifications: { nodes: [{ id }], totalCount: 1 } },
  ];
  const nothing = [null, { told: [] }, { notifications: { nodes: [], totalCount: 0 } }];
  for (const viewer of [owner, viewerWith('ADMIN')]) {
    expect((await world.ask(viewer, ONE, { id })).data.notification).toEqual({
      id,
      order: { id: request.orderId },
    });
    expect((await world.ask(viewer, JOINS, { r })).data._entities).toEqual(whole);
  }
  expect((await world.ask(viewerWith('STAFF'), JOINS, { r })).data._entities).toEqual([
    ...whole.slice(0, 2),
    nothing[2],
  ]);
  for (const viewer of [viewerWith('CUSTOMER'), viewerWith('ORGANIZER'), null]) {
    const hidden = await world.ask(viewer, ONE, { id });
    expect(codeOf(hidden)).toBe('NOT_FOUND');
    for (const missing of [v7(), 'not an id'])
      expect((await world.ask(viewer, ONE, { id: missing })).errors).toEqual(hidden.errors);
    expect((await world.ask(viewer, JOINS, { r })).data._entities).toEqual(nothing);
  }
  expect(codeOf(await world.ask(null, '{ notifications { totalCount } }'))).toBe('UNAUTHENTICATED');
});

test('lists page newest first and filter by status, for one user and for many in a join', async () => {
  const users = [v7(), v7()];
  for (const user of users) for (const title of ['1', '2', '3']) await inApp(user, title);
  const LIST = `query ($after: String, $status: NotificationStatus) { notifications(first: 2, after: $after, status: $status) {
    nodes { subject } totalCount pageInfo { hasNextPage endCursor } } }`;
  const viewer = viewerWith('CUSTOMER', { id: users[0]! });
  const first = (await world.ask(viewer, LIST)).data.notifications;
  expect(first).toMatchObject({ nodes: [{ subject: '3' }, { subject: '2' }], totalCount: 3 });
  const second = (await world.ask(viewer, LIST, { after: first.pageInfo.endCursor })).data.notifications;
  expect(second).toMatchObject({ nodes: [{ subject: '1' }], pageInfo: { hasNextPage: false } });
  const failed = (await world.ask(viewer, LIST, { status: 'FAILED' })).data.notifications;
  expect(failed).toMatchObject({ nodes: [], totalCount: 0 });

  const JOIN = `query ($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on User {
    notifications(first: 2, after: $after) { nodes { subject } totalCount pageInfo { hasNextPage } } } } }`;
  const r = users.map(id => ({ __typename: 'User', id }));
  const page = {
    nodes: [{ subject: '3' }, { subject: '2' }],
    totalCount: 3,
    pageInfo: { hasNextPage: true },
  };
  const pages = (await world.ask(viewerWith('ADMIN'), JOIN, { r })).data._entities;
  expect(pages).toEqual([{ notifications: page }, { notifications: page }]);
});

test('statistics count by status and template, for staff, over a year at most', async () => {
  const QUERY = `query ($from: DateTime!, $to: DateTime!) { notificationStatistics(from: $from, to: $to) {
    total byStatus { status count } byTemplate { template count } medianSecondsToSend } }`;
  const from = '2020-01-01T00:00:00.000Z';
  const to = '2020-02-01T00:00:00.000Z';
  for (const seconds of [1, 2, 9]) {
    const { id } = await inApp(v7(), 'T');
    await world.sql(
      `update notifications set created_at = $2, scheduled_at = null, sent_at = $2::timestamptz + $3 where id = $1`,
      [id, '2020-01-15T00:00:00Z', `${seconds} seconds`],
    );
  }
  const figures = async (viewer: Viewer, period: object) => world.ask(viewer, QUERY, { from, to, ...period });
  expect((await figures(viewerWith('STAFF'), {})).data.notificationStatistics).toEqual({
    total: 3,
    byStatus: [{ status: 'DELIVERED', count: 3 }],
    byTemplate: [{ template: 'announcement', count: 3 }],
    medianSecondsToSend: 2,
  });
  const empty = await figures(viewerWith('ADMIN'), { to: '2020-01-02T00:00:00Z' });
  expect(empty.data.notificationStatistics).toMatchObject({
    total: 0,
    byStatus: [],
    medianSecondsToSend: null,
  });
  expect(codeOf(await figures(viewerWith('STAFF'), { to: '2021-02-01T00:00:00Z' }))).toBe('BAD_USER_INPUT');
  expect(codeOf(await figures(viewerWith('STAFF'), { to: from }))).toBe('BAD_USER_INPUT');
  expect(codeOf(await figures(viewerWith('ORGANIZER'), {}))).toBe('FORBIDDEN');
});

test('a subscriber gets the latest notification first, then each one, and no one else’s', async () => {
  const userId = v7();
  await inApp(userId, 'older');
  await inApp(userId, 'newest');
  const viewer = viewerWith('CUSTOMER', { id: userId });
  const watching = world.subscribe(viewer, 'subscription { notificationReceived { subject status } }');
  try {
    const next = async () => (await watching.next()).data.notificationReceived;
    expect(await next()).toEqual({ subject: 'newest', status: 'DELIVERED' });
    await inApp(v7(), 'not yours');
    const titles = Array.from({ length: 10 }, (_, i) => `${i}`);
    await Promise.all(titles.map(title => inApp(userId, title)));
    const got = [];
    for (const _ of titles) got.push((await next()).subject);
    expect(got.sort()).toEqual(titles);

    const request = orderRequest();
    request.customer.id = userId;
    await world.messenger.deliver('notification-send-request', request);
    let email: { subject: string; status: string };
    do email = await next();
    while (email.status !== 'SENT');
    expect(email.subject).toContain(request.number);
  } finally {
    await watching.close();
  }
  const refused = world.subscribe(null, 'subscription { notificationReceived { id } }');
  expect((await refused.next().catch(error => ({ errors: error }))).errors).toMatchObject([
    { extensions: { code: 'UNAUTHENTICATED' } },
  ]);
  await refused.close();
});

test('a notification whose transaction ends late, behind newer ones, is not missed', async () => {
  const userId = v7();
  await inApp(userId, 'first');
  const viewer = viewerWith('CUSTOMER', { id: userId });
  const watching = world.subscribe(viewer, 'subscription { notificationReceived { subject } }');
  try {
    const next = async () => (await watching.next()).data.notificationReceived.subject;
    expect(await next()).toBe('first');
    // This acts like a transaction that wrote before the subscriber's last look and committed after it.
    const late = await inApp(v7(), 'late');
    await world.sql(
      `update notifications set user_id = $2, changed_at = clock_timestamp() - interval '20 seconds' where id = $1`,
      [late.id, userId],
    );
    await inApp(userId, 'second');
    expect([await next(), await next()]).toEqual(['late', 'second']);
  } finally {
    await watching.close();
  }
});
