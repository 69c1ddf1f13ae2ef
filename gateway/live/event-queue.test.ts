import { expect, test } from '@jest/globals';
import { EventQueue } from './event-queue.ts';

async function drain<T>(queue: EventQueue<T>) {
  const events: T[] = [];
  for await (const event of queue) events.push(event);
  return events;
}

test('events come out in the order they went in, those before the end included', async () => {
  const queue = new EventQueue<number>(3);
  const drained = drain(queue);
  queue.push(1);
  queue.push(2);
  queue.end();
  queue.push(3);
  expect(await drained).toEqual([1, 2]);
});

test('a consumer that is too slow loses the oldest events, never the newest', async () => {
  const queue = new EventQueue<number>(3);
  for (let i = 1; i <= 5; i++) queue.push(i);
  queue.end();
  expect(await drain(queue)).toEqual([3, 4, 5]);
});

test('what waits is dropped when it is not wanted any more', async () => {
  const queue = new EventQueue<number>(3);
  queue.push(1);
  queue.end({ discard: true });
  expect(await drain(queue)).toEqual([]);
});
