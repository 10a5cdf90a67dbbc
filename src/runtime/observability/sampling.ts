// ADR 0070
import type { Trace } from '#platform/context.ts';

/** Tells whether work is recorded that is part of a trace, and comes from another process if there is a sender. */
export type Sampler = (traceId: string, sender: Trace | undefined) => boolean;

/** `name`: as OTEL_TRACES_SAMPLER has it. `ratio`: from 0 to 1, for those by ratio. */
export function samplerOf(name: string, ratio: number): Sampler {
  const root = name.endsWith('on') ? () => true : name.endsWith('off') ? () => false : share(ratio);
  return name.startsWith('parentbased') ? (traceId, sender) => sender?.sampled ?? root(traceId, sender) : root;
}

/** Decides by the last digits of a trace's id, as everybody does who follows the specification of TraceIdRatioBased; 13 are a number without loss. */
function share(ratio: number): Sampler {
  const [digits, all] = [13, 16 ** 13];
  const least = all * (1 - ratio);
  return (traceId) => Number.parseInt(traceId.slice(-digits), 16) >= least;
}
