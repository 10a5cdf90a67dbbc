import { ConnectionPool, metadataV12 } from '@platformatic/kafka';

export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** -1 if it has none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  /** Replicas that have all that was published. */
  readonly isr: readonly number[];
}

/** The partitions of topics as a living broker knows them, internal topics too: the client's own metadata has none of those. */
export async function partitionsOf(brokers: readonly string[], topics: readonly string[]): Promise<PartitionState[]> {
  const pool = new ConnectionPool('partitions', { connectTimeout: 2_000, requestTimeout: 5_000 });
  try {
    const addresses = brokers.map((broker) => {
      const [host, port] = broker.split(':');
      return { host: host!, port: Number(port) };
    });
    const connection = await pool.getFirstAvailable(addresses);
    const response = await metadataV12.api.async(connection, [...topics], false, false).catch(answerWithin);
    return response.topics.flatMap(({ name, partitions }) =>
      partitions
        .map(({ partitionIndex: partition, leaderId: leader, replicaNodes: replicas, isrNodes: isr }) => ({
          topic: name!,
          partition,
          leader,
          replicas,
          isr,
        }))
        .toSorted((one, other) => one.partition - other.partition),
    );
  } finally {
    await pool.close();
  }
}

/** A partition without a leader is an error to the client, which has the whole answer in it. */
function answerWithin(error: unknown): metadataV12.MetadataResponse {
  const { response } = error as { response?: metadataV12.MetadataResponse };
  if (!response) throw error;
  return response;
}
