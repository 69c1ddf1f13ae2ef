import { expect, test } from '@jest/globals';
import { printSchema } from 'graphql';
import { createLog } from '#shared/kernel/log.ts';
import { readGatewaySettings } from '../settings.ts';
import { loadSupergraph } from './supergraph.ts';
import { readTags } from './tags.ts';

test('tags are read of the fields that carry them, and of no others', () => {
  const tagged = readTags(`
    interface Named { name: String! @tag(name: "public") }
    type Query { me: String @deprecated(reason: "public") all: Int @tag(name: "slow") @tag(name: "public") }
    type Mutation @tag(name: "public") { login(password: String @tag(name: "public")): Boolean @tag(name: "sign-in") }`);
  expect([...tagged('public')]).toEqual(['Named.name', 'Query.all']);
  expect([...tagged('sign-in')]).toEqual(['Mutation.login']);
  expect([...tagged('unknown')]).toEqual([]);
});

test('our supergraph says what is public and what signs in, and its API shows clients nothing of that', async () => {
  const supergraph = loadSupergraph(readGatewaySettings({}), createLog('test', 'silent'));
  await supergraph.gateway.load();
  expect([...supergraph.tagged('sign-in')].sort()).toEqual(['Mutation.login', 'Mutation.register']);
  const shared = supergraph.tagged('public');
  for (const field of ['Subscription.availabilityChanged', 'Product.available', 'Event.id', 'Money.amount']) {
    expect(shared).toContain(field);
  }
  // What depends on the viewer must never be shared.
  expect([...shared].filter(field => !/^(Subscription|Product|Event|Money)\./.test(field))).toEqual([]);
  expect(shared).not.toContain('Event.organizer');
  const schema = supergraph.gateway.schema!;
  expect(printSchema(schema)).not.toMatch(/@tag/);
  // Introspection lists directives, and does not show where they are applied.
  expect(schema.getDirectives().map(({ name }) => name)).not.toContain('tag');
  await supergraph.gateway.stop();
  await supergraph.close();
});
