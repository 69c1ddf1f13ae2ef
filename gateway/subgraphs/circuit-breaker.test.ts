import { expect, test } from '@jest/globals';
import { CircuitBreaker } from './circuit-breaker.ts';

let time = 0;
const open = (failures = 3) => new CircuitBreaker({ failures, pause: 1_000, now: () => time });

function fail(breaker: CircuitBreaker, times: number) {
  for (let i = 0; i < times; i++) {
    expect(breaker.admits()).toBe(true);
    breaker.failed();
  }
}

test('failures in a row open it, a success in between does not count against them', () => {
  const breaker = open();
  fail(breaker, 2);
  breaker.succeeded();
  fail(breaker, 2);
  expect(breaker.state).toBe('closed');
  fail(breaker, 1);
  expect([breaker.state, breaker.admits()]).toEqual(['open', false]);
});

test('after the pause one call probes: its success closes the breaker, its failure opens it for another pause', () => {
  const breaker = open();
  fail(breaker, 3);
  time += 1_000;
  expect([breaker.state, breaker.admits(), breaker.admits()]).toEqual(['half-open', true, false]);
  breaker.failed();
  expect([breaker.state, breaker.admits()]).toEqual(['open', false]);
  time += 1_000;
  expect(breaker.admits()).toBe(true);
  breaker.succeeded();
  expect([breaker.state, breaker.admits(), breaker.admits()]).toEqual(['closed', true, true]);
});

test('a probe that was given up leaves its place to the next call', () => {
  const breaker = open();
  fail(breaker, 3);
  time += 1_000;
  breaker.admits();
  breaker.abandoned();
  expect(breaker.admits()).toBe(true);
});

test('good news from elsewhere ends the pause', () => {
  const breaker = open();
  fail(breaker, 3);
  breaker.retry();
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
});

test('with a limit of 0 it never opens', () => {
  const breaker = open(0);
  fail(breaker, 100);
  expect(breaker.state).toBe('closed');
});
