import { expect, test } from '@jest/globals';
import { parseInput } from '../kernel/errors.ts';
import { emailAddress, line, lineOrNothing, optional, paragraphs } from './text.ts';

const messages = (schema: Parameters<typeof parseInput>[0], input: unknown) => {
  const parsed = parseInput(schema, input);
  return parsed.ok ? parsed.value : parsed.error.issues.map(({ message }) => message);
};

test('A24: a line has letters of every script, and no control character or half a pair', () => {
  expect(messages(line(20), '  Zoë 🎟️ 東京  ')).toBe('Zoë 🎟️ 東京');
  for (const text of ['a\nb', 'a\0b', 'a\u0085b', 'a\ud83cb']) {
    expect(messages(line(20), text)).toEqual(['must not contain control characters']);
  }
});

test('what is empty or too long is told as such', () => {
  expect(messages(line(3), ' ')).toEqual(['must not be empty']);
  expect(messages(line(3), 'four')).toEqual(['has at most 3 characters']);
  expect(messages(lineOrNothing(3), ' ')).toBe('');
});

test('paragraphs may break lines', () => {
  expect(messages(paragraphs(20), 'one\r\n\ttwo\n')).toBe('one\r\n\ttwo');
  expect(messages(paragraphs(20), 'one\u001btwo')).toEqual(['must not contain control characters']);
});

test('an optional text that is empty is absent', () => {
  for (const nothing of [undefined, null, '', '  ']) expect(messages(optional(line(3)), nothing)).toBeNull();
  expect(messages(optional(line(3)), ' one ')).toBe('one');
  expect(messages(optional(line(3)), 'four')).toEqual(['has at most 3 characters']);
});

test('an email address is one that mail servers take', () => {
  expect(messages(emailAddress, 'Ann@example.org')).toBe('Ann@example.org');
  expect(messages(emailAddress, 'ann@localhost')).toEqual(['must be an email address']);
});
