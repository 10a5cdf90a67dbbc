/** Tells where events wait, when they do: outbox, topic, group, inbox, and the last words of everybody. */
import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import type { Landscape } from '../../../src/runtime/events/testing/landscape.ts';
import { reasonOf } from '../../../src/runtime/events/kafka/failure.ts';
import { within } from '../../../src/runtime/within.ts';
import type { KafkaCluster } from '../../support/kafka/cluster.ts';
import { partitionsOf } from './partitions.ts';

export interface Scene {
  readonly landscape: Landscape;
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly group: string;
  /** Output so far, by name. */
  readonly said: Readonly<Record<string, string>>;
}

/** Milliseconds for the answer to one question: what hangs may be what is asked. */
const patience = 20_000;
/** The end of what somebody said: how many lines without stacks, and how much of each. */
const [lines, width] = [30, 400];

const underWay = `
  select application_name, state, wait_event_type || ' ' || wait_event as waits, (now() - query_start)::text as since,
    left(query, 120) as query
  from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`;

export async function diagnosis(scene: Scene): Promise<string> {
  const { landscape, cluster, said } = scene;
  const { library, readers } = landscape;
  const asked = await Promise.all([
    answer('Outbox, unpublished', async () =>
      table(
        await library.sql(
          `select owner, owner in (select objid::int8 from pg_locks where locktype = 'advisory') as lives, count(*)::int as events,
             count(distinct key)::int as keys, min(position)::int as first, max(position)::int as last
           from library.outbox where published_at is null group by owner`,
        ),
      ),
    ),
    answer('Inbox', async () =>
      table(
        await readers.sql(
          `select state, count(*)::int as events, count(distinct key)::int as keys, min(attempts) as "fewest tries", max(attempts) as "most tries",
             min(next_attempt_at - now())::text as "next try in", min(error) as "an error"
           from readers.inbox group by state`,
        ),
      ),
    ),
    answer('Statements under way in the library', async () => table(await library.sql(underWay))),
    answer('Statements under way in the readers', async () => table(await readers.sql(underWay))),
    answer('Partitions', () => partitions(scene)),
    answer('Group', () => members(scene)),
  ]);
  const logs = [
    ...Object.entries(said),
    ...cluster.nodes.map((node) => [`Node ${node.id}${node.running ? '' : ', dead'}`, node.log()] as const),
  ].map(([name, text]) => section(name, tail(text)));
  return [...asked, ...logs].join('\n');
}

async function partitions({ cluster, topic, group }: Scene): Promise<string> {
  const all = await partitionsOf(cluster.bootstrapBrokers, [topic, '__consumer_offsets']);
  const ours = all.filter((each) => each.topic === topic).map(({ partition }) => partition);
  const [ends, commits] = await Promise.allSettled([
    ask(cluster, async (admin) => {
      const timestamp = ListOffsetTimestamps.LATEST;
      const asked = ours.map((partitionIndex) => ({ partitionIndex, timestamp }));
      const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] });
      return new Map(listed!.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
    }),
    ask(cluster, async (admin) => {
      const topics = [{ name: topic, partitionIndexes: ours }];
      const [listed] = await admin.listConsumerGroupOffsets({ groups: [{ groupId: group, topics }] });
      return new Map(
        listed!.topics[0]?.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
      );
    }),
  ]);
  const told = (outcome: PromiseSettledResult<ReadonlyMap<number, bigint>>, partition: number) =>
    outcome.status === 'fulfilled' ? outcome.value.get(partition) : reasonOf(outcome.reason);
  return all
    .map((each) => {
      const offsets =
        each.topic === topic ? `, committed ${told(commits, each.partition)} of ${told(ends, each.partition)}` : '';
      return `${each.topic} ${each.partition}: leader ${each.leader}, in sync ${each.isr} of ${each.replicas}${offsets}`;
    })
    .join('\n');
}

const members = ({ cluster, topic, group }: Scene): Promise<string> =>
  ask(cluster, async (admin) => {
    const described = (await admin.describeGroups({ groups: [group] })).get(group)!;
    return [
      `state ${described.state}`,
      ...[...described.members.values()].map(
        ({ id, groupInstanceId, clientHost, assignments, metadata }) =>
          `${id}${groupInstanceId === null ? '' : ` (instance ${groupInstanceId})`} at ${clientHost}: has ${assignments?.get(topic)?.partitions ?? 'none'}, said to own ${metadata?.ownedPartitions?.find((owned) => owned.topic === topic)?.partitions ?? 'none'}`,
      ),
    ].join('\n');
  });

async function ask<T>({ bootstrapBrokers }: KafkaCluster, question: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'diagnosis', bootstrapBrokers, requestTimeout: 5_000, retries: 2 });
  try {
    return await question(admin);
  } finally {
    await admin.close();
  }
}

async function answer(name: string, question: () => Promise<string>): Promise<string> {
  const asked = question().catch((error: unknown) => `cannot be told: ${reasonOf(error)}`);
  return section(name, await within(patience, asked, () => `cannot be told: no answer after ${patience} ms`));
}

const section = (name: string, text: string) => `--- ${name}\n${text}`;

const tail = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^\s+at /.test(line))
    .slice(-lines)
    .map((line) => line.slice(0, width))
    .join('\n');

const table = ({ rows }: { readonly rows: readonly object[] }) =>
  rows.length === 0 ? 'none' : rows.map((row) => JSON.stringify(row)).join('\n');
