import { describe, expect, it } from 'vitest';
import { newTrace } from '#platform/context.ts';
import { samplerOf } from './sampling.ts';

const sender = (sampled: boolean) => ({ ...newTrace(), sampled });
const shareOf = (name: string, ratio: number) => {
  const isKept = samplerOf(name, ratio);
  const traces = Array.from({ length: 10_000 }, newTrace);
  return traces.filter(({ traceId }) => isKept(traceId, undefined)).length / traces.length;
};

describe('a sampler', () => {
  it('keeps the share of the traces that it is given', () => {
    expect(shareOf('traceidratio', 0)).toBe(0);
    expect(shareOf('parentbased_traceidratio', 1)).toBe(1);
    expect(shareOf('parentbased_traceidratio', 0.25)).toBeCloseTo(0.25, 1);
    expect(shareOf('always_on', 0)).toBe(1);
    expect(shareOf('parentbased_always_off', 1)).toBe(0);
  });

  it('keeps what a smaller share keeps, so that processes with different shares agree', () => {
    const [few, many] = [samplerOf('traceidratio', 0.1), samplerOf('traceidratio', 0.3)];
    const kept = Array.from({ length: 1_000 }, newTrace).filter(({ traceId }) => few(traceId, undefined));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(({ traceId }) => many(traceId, undefined))).toBe(true);
    // As every sampler that follows the specification decides.
    expect([few('f'.repeat(32), undefined), few('0'.repeat(32), undefined)]).toEqual([true, false]);
  });

  it('does as the sender decided where its name begins with "parentbased", and only there', () => {
    const { traceId } = newTrace();
    expect(samplerOf('parentbased_always_on', 1)(traceId, sender(false))).toBe(false);
    expect(samplerOf('parentbased_traceidratio', 0)(traceId, sender(true))).toBe(true);
    expect(samplerOf('always_on', 1)(traceId, sender(false))).toBe(true);
    expect(samplerOf('always_off', 1)(traceId, sender(true))).toBe(false);
  });
});
