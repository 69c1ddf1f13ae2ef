import { EventEmitter, once } from 'node:events';
import { expect, test } from '@jest/globals';
import { BackPressureWriter } from './back-pressure.ts';

/** A client that reads when it is told to. */
function createSlowSink() {
  const events = new EventEmitter();
  const sink = {
    written: [] as string[],
    waiting: 0,
    write(frame: string) {
      sink.written.push(frame);
      sink.waiting += frame.length;
    },
    buffered: () => sink.waiting,
    onceDrained: (listener: () => void) => events.once('drain', listener),
    abandon: () => events.emit('abandoned'),
    read() {
      sink.waiting = 0;
      events.emit('drain');
    },
    abandoned: () => once(events, 'abandoned'),
  };
  return sink;
}

const LIMITS = { maxBufferedBytes: 3, patienceMs: 60_000 };

test('a client that keeps up is sent everything, in order', () => {
  const sink = createSlowSink();
  const writer = new BackPressureWriter(sink, undefined, LIMITS);
  for (const frame of ['a1', 'b1', 'a2']) {
    writer.send(frame[0]!, frame);
    sink.read();
  }
  expect(sink.written).toEqual(['a1', 'b1', 'a2']);
});

test('of what a slow client has not read, the newest of each operation is kept and sent when it has caught up', () => {
  const sink = createSlowSink();
  let skipped = 0;
  const writer = new BackPressureWriter(sink, () => skipped++, LIMITS);
  for (const frame of ['a1', 'a2', 'a3', 'b1', 'a4', 'a5']) writer.send(frame[0]!, frame);
  expect(sink.written).toEqual(['a1', 'a2']);
  sink.read();
  expect(sink.written).toEqual(['a1', 'a2', 'b1', 'a5']);
  expect(skipped).toBe(2);
  sink.read();
  writer.send('a', 'a6');
  expect(sink.written.at(-1)).toBe('a6');
  writer.close();
});

test('what is kept is more than the client takes at once: the rest waits for the next time', () => {
  const sink = createSlowSink();
  const writer = new BackPressureWriter(sink, undefined, LIMITS);
  for (const frame of ['a1', 'b1', 'a2', 'b2', 'c2']) writer.send(frame[0]!, frame);
  sink.read();
  expect(sink.written).toEqual(['a1', 'b1', 'a2', 'b2']);
  sink.read();
  expect(sink.written).toEqual(['a1', 'b1', 'a2', 'b2', 'c2']);
});

test('the last result of an operation that ends is sent before its end; of one that is not wanted, nothing', () => {
  const sink = createSlowSink();
  const writer = new BackPressureWriter(sink, undefined, LIMITS);
  for (const frame of ['a1', 'b1', 'a2', 'b2']) writer.send(frame[0]!, frame);
  writer.finish('a');
  writer.forget('b');
  sink.read();
  expect(sink.written).toEqual(['a1', 'b1', 'a2']);
});

test('a client that stays behind is given up; one that has caught up is not', async () => {
  const sink = createSlowSink();
  const writer = new BackPressureWriter(sink, undefined, { maxBufferedBytes: 3, patienceMs: 20 });
  const abandoned = sink.abandoned();
  for (const frame of ['a1', 'a2', 'a3']) writer.send('a', frame);
  // Read in part: the time-out finds room and sends what is kept.
  sink.waiting = 0;
  await new Promise<void>(resolve => {
    const write = sink.write;
    sink.write = frame => {
      write(frame);
      resolve();
    };
  });
  expect(sink.written.at(-1)).toBe('a3');
  for (const frame of ['a4', 'a5']) writer.send('a', frame);
  await abandoned;
  writer.close();
});
