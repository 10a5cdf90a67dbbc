import { TraceFlags } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { createLogger } from './create-logger.ts';
import { SpanQueue } from './span-queue.ts';

const span = {
  spanContext: () => ({ traceId: 'a', spanId: 'b', traceFlags: TraceFlags.SAMPLED }),
  resource: {},
} as unknown as ReadableSpan;

/** A queue for four spans, of which two go at once to a collector that answers when the test says so. */
function setUp() {
  let text = '';
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => (text += line) } });
  const sent: { count: number; answer: (result: ExportResult) => void }[] = [];
  const exporter = {
    export: (spans: ReadableSpan[], answer: (result: ExportResult) => void) =>
      void sent.push({ count: spans.length, answer }),
    shutdown: async () => {},
  };
  const queue = new SpanQueue(exporter, { delay: 1, exportTimeout: 60_000, queue: 4, batch: 2 }, logger);
  const end = (count: number) => {
    for (let index = 0; index < count; index++) queue.onEnd(span);
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
    end(3);
    expect(queue.lost).toEqual({ queueFull: 5, notTaken: 0 });
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
