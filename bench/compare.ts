/**
 * Wall times jump on shared machines, so both sides of a ratio run in short alternating slices of one run: what
 * disturbs one disturbs the other. The median of the slices' ratios is quoted, with the CPU time per operation.
 */

/** One side's work in one slice; CPU in microseconds, of every process that the side needs. */
export interface Slice {
  readonly operations: number;
  readonly cpu: number;
  /** How long it took, for one that does something else besides; otherwise all of its time counts. */
  readonly milliseconds?: number;
}

export interface Side {
  readonly name: string;
  /** Works for about `milliseconds`. */
  run(milliseconds: number): Promise<Slice>;
}

export interface Comparison {
  /** Our operations per second over the peer's: above 1 is faster. */
  readonly rate: number;
  /** The peer's CPU time per operation over ours: above 1 is cheaper. */
  readonly economy: number;
  /** Medians over the slices. */
  readonly ours: { readonly perSecond: number; readonly cpu: number };
  readonly peer: { readonly perSecond: number; readonly cpu: number };
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export async function compare(
  ours: Side,
  peer: Side,
  { slices = 20, milliseconds = 300 }: { slices?: number; milliseconds?: number } = {},
): Promise<Comparison> {
  await ours.run(milliseconds * 2);
  await peer.run(milliseconds * 2);
  const measured: { ours: Measured; peer: Measured }[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const oursFirst = slice % 2 === 0;
    const first = await measure(oursFirst ? ours : peer, milliseconds);
    const second = await measure(oursFirst ? peer : ours, milliseconds);
    measured.push(oursFirst ? { ours: first, peer: second } : { ours: second, peer: first });
  }
  const middle = (of: (slice: (typeof measured)[number]) => number) => median(measured.map(of));
  return {
    rate: middle((slice) => slice.ours.perSecond / slice.peer.perSecond),
    economy: middle((slice) => slice.peer.cpu / slice.ours.cpu),
    ours: { perSecond: middle((slice) => slice.ours.perSecond), cpu: middle((slice) => slice.ours.cpu) },
    peer: { perSecond: middle((slice) => slice.peer.perSecond), cpu: middle((slice) => slice.peer.cpu) },
  };
}

interface Measured {
  readonly perSecond: number;
  /** Microseconds per operation. */
  readonly cpu: number;
}

async function measure(side: Side, milliseconds: number): Promise<Measured> {
  const started = performance.now();
  const slice = await side.run(milliseconds);
  const { operations, cpu } = slice;
  if (operations === 0) throw new Error(`${side.name} did nothing in ${milliseconds} ms.`);
  const took = slice.milliseconds ?? performance.now() - started;
  return { perSecond: (operations * 1000) / took, cpu: cpu / operations };
}
