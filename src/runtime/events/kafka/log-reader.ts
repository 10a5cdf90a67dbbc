// ADR 0063
import type { ConnectionPool, Consumer } from '@platformatic/kafka';
import type { Record } from './records.ts';

export interface Fetched extends Record {
  readonly offset: bigint;
}

export interface Chunk {
  readonly partition: number;
  readonly records: readonly Fetched[];
  /** The offset after the last one, which need not be that of a record. */
  readonly next: bigint;
}

/** Milliseconds that a broker waits for records where there are none. */
const maxWaitTime = 500;
/** The most that is taken from a partition at once, unless one record is more. */
const partitionMaxBytes = 256 * 1024;
/** A bit of a batch's attributes: it holds marks of transactions. */
const control = 0b10_0000;

/** The broker that each partition is read from. */
export async function leadersOf(consumer: Consumer, topic: string): Promise<readonly number[]> {
  const { topics } = await consumer.metadata({ topics: [topic] });
  return topics.get(topic)!.partitions.map(({ leader }) => leader);
}

/** Reads on in the partitions that one broker leads, from the offset of each. */
export async function fetchFrom(
  consumer: Consumer,
  /** Connections for nothing else: a broker answers those of one connection in turn, and lets a fetch wait. */
  connectionPool: ConnectionPool,
  node: number,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Promise<readonly Chunk[]> {
  const { topics } = await consumer.metadata({ topics: [topic] });
  const partitions = [...offsets].map(([partition, fetchOffset]) => ({
    partition,
    fetchOffset,
    partitionMaxBytes,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
  }));
  const { responses } = await consumer.fetch({
    node,
    connectionPool,
    maxWaitTime,
    topics: [{ topicId: topics.get(topic)!.id, partitions }],
  });
  const chunks: Chunk[] = [];
  for (const { partitionIndex: partition, records: batches } of responses.flatMap((response) => response.partitions)) {
    const from = offsets.get(partition);
    if (from === undefined || !batches?.length) continue;
    const last = batches.at(-1)!;
    const records = batches
      .filter(({ attributes }) => !(attributes & control))
      .flatMap((batch) =>
        batch.records.map(({ key, value, headers, offsetDelta }) => ({
          key,
          value,
          headers,
          offset: batch.firstOffset + BigInt(offsetDelta),
        })),
      )
      // A broker sends whole batches, those before the offset in its first one too.
      .filter(({ offset }) => offset >= from);
    chunks.push({ partition, records, next: last.firstOffset + BigInt(last.lastOffsetDelta) + 1n });
  }
  return chunks;
}
