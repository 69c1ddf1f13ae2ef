import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { viewerWith } from '#shared/test/world.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ SEED: 'true' });
});
afterAll(() => world?.stop());

const REGISTER = `mutation ($input: RegisterInput!) { register(input: $input) {
  __typename
  ... on Session { accessToken refreshToken expiresAt user { id email displayName locale role permissions } }
  ... on InvalidInput { issues { path message } }
  ... on Error { message }
} }`;
const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) {
  __typename ... on Session { accessToken refreshToken user { id role } } ... on Error { message }
} }`;
const REFRESH = `mutation ($token: String!) { refreshSession(refreshToken: $token) {
  __typename ... on Session { refreshToken } ... on Error { message }
} }`;

const register = async (input: object) => (await world.ask(null, REGISTER, { input })).data.register;
const login = (email: string, password: string) => world.ask(null, LOGIN, { input: { email, password } });

test('a new account is a signed-in customer whose token carries its identity', async () => {
  const session = await register({ email: 'Ann@Example.org', password: 'correct horse', displayName: 'Ann' });
  expect(session).toMatchObject({
    __typename: 'Session',
    user: { email: 'ann@example.org', displayName: 'Ann', locale: 'fr', role: 'CUSTOMER' },
  });
  const { data } = await world.ask(
    null,
    'query ($token: String!) { validateToken(token: $token, permissions: ["orders:create"]) { valid userId permissions } }',
    { token: session.accessToken },
  );
  expect(data.validateToken).toMatchObject({ valid: true, userId: session.user.id });
});

test('an email address is taken once, whatever its case, also by fifty registrations at the same time', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      register({
        email: i % 2 ? 'race@example.org' : 'RACE@example.org',
        password: 'correct horse',
        displayName: 'R',
      }),
    ),
  );
  const kinds = answers.map(answer => answer.__typename).sort();
  expect(kinds.filter(kind => kind === 'Session')).toHaveLength(1);
  expect(kinds.filter(kind => kind === 'EmailTaken')).toHaveLength(49);
});

test('a registration with faults names each of them and changes nothing (A24)', async () => {
  const answer = await register({
    email: 'x@example.org\r\nBcc: all@example.org',
    password: 'short',
    displayName: 'Eve\r\n',
    locale: 'not a locale!',
  });
  expect(answer.__typename).toBe('InvalidInput');
  expect(answer.issues.map((issue: { path: string }) => issue.path).sort()).toEqual(
    ['email', 'locale', 'password'].sort(),
  );
});

test('the seeded accounts sign in; a wrong password and an unknown address answer the same', async () => {
  const { data } = await login('admin@guichet.test', 'admin-guichet');
  expect(data.login).toMatchObject({ __typename: 'Session', user: { role: 'ADMIN' } });
  const wrong = await login('organizer@guichet.test', 'wrong');
  const unknown = await login('nobody@guichet.test', 'wrong');
  expect(wrong.data.login).toEqual({
    __typename: 'InvalidCredentials',
    message: expect.stringContaining('Wrong email or password'),
  });
  expect(unknown).toEqual(wrong);
});

test('A18: after ten failures an account answers RATE_LIMITED, known or not, with the seconds to wait', async () => {
  for (const email of ['staff@guichet.test', 'ghost@guichet.test']) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(email, 'wrong')));
    const limited = answers.filter(({ errors }) => errors?.[0]?.extensions.code === 'RATE_LIMITED');
    expect(limited).toHaveLength(10);
    expect(limited[0]!.errors![0]!.extensions).toMatchObject({ retryAfter: expect.any(Number) });
  }
});

test('A17: a refresh token used twice within ten seconds is forgiven; later use ends the whole family', async () => {
  const session = await register({ email: 'fam@example.org', password: 'correct horse', displayName: 'Fam' });
  const refresh = async (token: string) => (await world.ask(null, REFRESH, { token })).data.refreshSession;
  const second = await refresh(session.refreshToken);
  expect(second.__typename).toBe('Session');
  const retried = await refresh(session.refreshToken);
  expect(retried.__typename).toBe('Session');

  await world.sql(
    `update refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null`,
  );
  expect((await refresh(session.refreshToken)).__typename).toBe('SessionExpired');
  // The newer tokens of the thief and of the victim are revoked, too.
  expect((await refresh(second.refreshToken)).__typename).toBe('SessionExpired');
  expect((await refresh(retried.refreshToken)).__typename).toBe('SessionExpired');
});

test('logout ends the session and everything refreshed from it', async () => {
  const session = await register({ email: 'out@example.org', password: 'correct horse', displayName: 'Out' });
  const logout = await world.ask(null, 'mutation ($t: String!) { logout(refreshToken: $t) }', {
    t: session.refreshToken,
  });
  expect(logout.data.logout).toBe(true);
  const { data } = await world.ask(null, REFRESH, { token: session.refreshToken });
  expect(data.refreshSession.__typename).toBe('SessionExpired');
});

test('A20: a user is visible to oneself and to administrators; others get NOT_FOUND as for a missing one', async () => {
  const { user } = await register({
    email: 'seen@example.org',
    password: 'correct horse',
    displayName: 'Seen',
  });
  const QUERY = 'query ($id: ID!) { user(id: $id) { email } }';
  const seenBy = (viewer: ReturnType<typeof viewerWith>, id = user.id) => world.ask(viewer, QUERY, { id });
  expect((await seenBy(viewerWith('CUSTOMER', { id: user.id }))).data.user.email).toBe('seen@example.org');
  expect((await seenBy(viewerWith('ADMIN'))).data.user.email).toBe('seen@example.org');
  const hidden = await seenBy(viewerWith('CUSTOMER'));
  const missing = await seenBy(viewerWith('CUSTOMER'), 'not even an id');
  expect(hidden.errors![0]).toMatchObject({ message: 'User not found.', extensions: { code: 'NOT_FOUND' } });
  expect(missing).toEqual(hidden);
});

test('a name is visible through a join, an email is not', async () => {
  const { user } = await register({
    email: 'join@example.org',
    password: 'correct horse',
    displayName: 'Join',
  });
  const QUERY = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { displayName FIELD } } }`;
  const representations = { r: [{ __typename: 'User', id: user.id }] };
  const named = await world.ask(null, QUERY.replace('FIELD', ''), representations);
  expect(named.data._entities[0].displayName).toBe('Join');
  const nosy = await world.ask(viewerWith('CUSTOMER'), QUERY.replace('FIELD', 'email'), representations);
  expect(nosy.errors![0]!.extensions.code).toBe('FORBIDDEN');
});

test('only an administrator lists users and changes roles', async () => {
  const { user } = await register({
    email: 'role@example.org',
    password: 'correct horse',
    displayName: 'Role',
  });
  const SET =
    'mutation ($input: SetRoleInput!) { setRole(input: $input) { ... on User { role permissions } } }';
  const input = { userId: user.id, role: 'ORGANIZER' };
  const refused = await world.ask(viewerWith('ORGANIZER'), SET, { input });
  expect(refused.errors![0]!.extensions.code).toBe('FORBIDDEN');
  const done = await world.ask(viewerWith('ADMIN'), SET, { input });
  expect(done.data.setRole).toMatchObject({ role: 'ORGANIZER' });

  const LIST =
    'query ($after: String) { users(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } totalCount } }';
  const first = await world.ask(viewerWith('ADMIN'), LIST);
  expect(first.data.users.nodes).toHaveLength(2);
  expect(first.data.users.totalCount).toBeGreaterThan(3);
  const second = await world.ask(viewerWith('ADMIN'), LIST, {
    after: first.data.users.pageInfo.endCursor,
  });
  expect(second.data.users.nodes[0].id < first.data.users.nodes[1].id).toBe(true);
});

test('A11: nothing is answered without a valid passport, not even the schema', async () => {
  for (const headers of [{}, { 'x-guichet-passport': 'forged' }] as Record<string, string>[]) {
    const response = await fetch(`${world.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
    });
    expect(response.status).toBe(401);
  }
});

test('its keys, its health, its readiness and its metrics are plain HTTP', async () => {
  const get = (path: string) => fetch(`${world.url}${path}`);
  const { keys } = (await (await get('/.well-known/jwks.json')).json()) as { keys: object[] };
  expect(keys).toEqual([
    expect.objectContaining({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: expect.any(String) }),
  ]);
  expect(keys[0]).not.toHaveProperty('d');
  expect((await get('/health')).status).toBe(200);
  expect((await get('/ready')).status).toBe(200);
  expect(await (await get('/metrics')).text()).toContain('guichet_request_seconds');
});
