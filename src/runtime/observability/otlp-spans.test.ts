import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../../../tests/support/collector.ts';
import { SpanEncoder } from './otlp-spans.ts';
import { RecordedSpan } from './recorded-span.ts';
import type { Span, SpanStart } from './spans.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const place = { traceId, spanId: '00f067aa0ba902b7', parent: undefined, isBelowRemote: false };

let collector: Collector;
beforeAll(async () => void (collector = await startCollector()));
afterAll(() => collector.close());

/** The spans of one batch, as a decoder of OpenTelemetry's protobuf reads them. */
async function received(make: (encoder: SpanEncoder) => void) {
  const encoder = new SpanEncoder({ 'service.name': 'shop', 'service.version': '1' }, 'fissile');
  make(encoder);
  const before = collector.spans.length;
  const { count, bytes } = encoder.take();
  await fetch(`${collector.url}/v1/traces`, { method: 'POST', body: new Uint8Array(bytes) });
  const spans = collector.spans.slice(before);
  expect(spans).toHaveLength(count);
  return spans;
}

const span = (encoder: SpanEncoder, start: SpanStart, where = {}): Span =>
  new RecordedSpan(encoder, start, { ...place, state: undefined, baggage: undefined, ...where });

describe('spans in a batch', () => {
  it('are read as they were told', async () => {
    const link = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: 'x=1' };
    const begun = Date.now();
    const [root, child] = await received((encoder) => {
      const start: SpanStart = {
        name: 'GET',
        kind: 'server',
        attributes: { kept: 'yes', replaced: 1, flag: true, no: false },
        links: [link],
      };
      const request = span(encoder, start, { parent: 'c'.repeat(16), isBelowRemote: true, state: 'vendor=x' });
      const below = request.child({ name: 'SELECT loans', kind: 'client' });
      request.rename('GET /v1/loans');
      request.set({ replaced: 2, large: 2 ** 52, half: 0.5, below: -3 });
      request.set({ 'http.response.status_code': 500 });
      request.fail({ code: 'loans.broken' });
      request.end();
      below.end();
    });
    expect(root).toMatchObject({
      service: 'shop',
      traceId,
      spanId: place.spanId,
      parentId: 'c'.repeat(16),
      state: 'vendor=x',
      name: 'GET /v1/loans',
      kind: 'server',
      links: [{ traceId: link.traceId, spanId: link.spanId }],
      events: [],
      failed: true,
    });
    expect(root!.attributes).toEqual({
      kept: 'yes',
      replaced: 2,
      flag: true,
      no: false,
      large: 2 ** 52,
      half: 0.5,
      below: -3,
      'http.response.status_code': 500,
      'error.type': 'loans.broken',
    });
    expect(child).toMatchObject({ traceId, parentId: place.spanId, kind: 'client', failed: false, state: 'vendor=x' });
    for (const { startedAt, duration } of [root!, child!]) {
      expect(Math.abs(startedAt - begun)).toBeLessThan(5_000);
      expect(duration).toBeGreaterThanOrEqual(0);
    }
    expect(child!.startedAt).toBeGreaterThanOrEqual(root!.startedAt);
  });

  it.each([1, 126, 127, 128, 129, 16_383, 16_384, 70_000])('keep a text of %i characters whole', async (length) => {
    const [ascii, wide] = ['a'.repeat(length), '€'.repeat(length)];
    const [read, next] = await received((encoder) => {
      const work = span(encoder, { name: ascii, attributes: { [ascii]: wide } });
      work.set({ wide, ascii });
      work.end();
      span(encoder, { name: 'next' }).end();
    });
    expect(read!.name).toBe(ascii);
    expect(read!.attributes).toEqual({ [ascii]: wide, wide, ascii });
    expect(next!.name).toBe('next');
  });

  it('tell an error that nobody expected with its stack, once, and without what is secret in it', async () => {
    const error = new Error('no row for ada@example.com');
    const [inner, outer] = await received((encoder) => {
      const request = span(encoder, { name: 'request' });
      const statement = request.child({ name: 'statement' });
      statement.fail(error);
      statement.end();
      request.fail(error);
      request.end();
    });
    expect(inner!.events).toMatchObject([{ name: 'exception', attributes: { 'exception.type': 'Error' } }]);
    expect(inner!.events[0]!.attributes['exception.stacktrace']).toContain('otlp-spans.test.ts');
    expect(JSON.stringify(inner)).not.toContain('ada@example.com');
    expect([outer!.failed, outer!.events]).toEqual([true, []]);
  });

  it('begin when they are said to have begun, and are told once', async () => {
    const [told, ...more] = await received((encoder) => {
      const saga = span(encoder, { name: 'saga', startedAt: 1_700_000_000_123 });
      saga.end();
      saga.end();
    });
    expect(more).toEqual([]);
    expect(told!.startedAt).toBe(1_700_000_000_123);
    expect(told!.startedAt + told!.duration).toBeGreaterThan(Date.now() - 5_000);
  });

  it('are no part of the next batch', async () => {
    const encoder = new SpanEncoder({}, 'fissile');
    span(encoder, { name: 'first' }).end();
    encoder.take();
    expect(encoder.take()).toMatchObject({ count: 0 });
  });
});
