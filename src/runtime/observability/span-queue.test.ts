import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { newTrace } from '#platform/context.ts';
import { createLogger } from './create-logger.ts';
import { type SpanBatch, SpanEncoder } from './otlp-spans.ts';
import { RecordedSpan } from './recorded-span.ts';
import { SpanQueue } from './span-queue.ts';

/** A queue for four spans, of which two go at once to a collector that answers when the test says so. */
function setUp() {
  let text = '';
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => (text += line) } });
  const sent: { count: number; answer: (result: ExportResult) => void }[] = [];
  const exporter = {
    export: ({ count }: SpanBatch, answer: (result: ExportResult) => void) => void sent.push({ count, answer }),
    shutdown: async () => {},
  };
  const limits = { delay: 1, exportTimeout: 60_000, queue: 4, batch: 2 };
  const queue = new SpanQueue(new SpanEncoder({}, 'test'), exporter, limits, logger);
  const end = (count: number) => {
    for (let index = 0; index < count; index++) {
      const place = { ...newTrace(), parent: undefined, isBelowRemote: false, state: undefined, baggage: undefined };
      new RecordedSpan(queue, { name: 'work' }, place).end();
    }
  };
  return { queue, sent, end, log: () => text };
}

describe('a queue of spans', () => {
  it('holds no more than it may, those being sent included, and counts the others', async () => {
    const { queue, sent, end } = setUp();
    end(7);
    expect(queue.lost).toEqual({ queueFull: 3, notTaken: 0 });
    await expect.poll(() => sent.length).toBe(1);
    end(1);
    expect(queue.lost.queueFull).toBe(4);
    sent[0]!.answer({ code: ExportResultCode.SUCCESS });
    await expect.poll(() => sent.length).toBe(2);
    end(3);
    expect(queue.lost).toEqual({ queueFull: 5, notTaken: 0 });
  });

  it('sends what makes no whole batch after a while', async () => {
    const { sent, end } = setUp();
    end(1);
    await expect.poll(() => sent.map(({ count }) => count)).toEqual([1]);
  });

  it('counts what the collector did not take, and says once that it takes nothing, and that it does again', async () => {
    const { queue, sent, end, log } = setUp();
    for (const [index, code] of [1, 1, 0, 0].entries()) {
      end(2);
      await expect.poll(() => sent.length).toBe(index + 1);
      sent[index]!.answer({ code });
    }
    expect(queue.lost).toEqual({ queueFull: 0, notTaken: 4 });
    expect(log().match(/takes no spans/g)).toHaveLength(1);
    await queue.close(1_000);
    expect(queue.lost.notTaken).toBe(4);
  });

  it('is closed in its time, and counts what it could not send', async () => {
    const { queue, end } = setUp();
    end(3);
    const begun = performance.now();
    await queue.close(100);
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(queue.lost.notTaken).toBe(3);
  });
});
