// ADR 0063
import { type Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownerOf, type Subscription } from '../transport.ts';
import type { BrokerAddress } from './broker-address.ts';
import { answered, isRefused, reasonOf } from './failure.ts';

/**
 * Milliseconds that a cluster has to get ready: its brokers may be starting, each has to hear of a new topic, and one
 * that died is known to be dead after 9 s, unless the cluster says otherwise.
 */
const [patience, pause] = [15_000, 200];
/** Milliseconds that a broadcast is kept: who is away longer asks the source anyway. */
const broadcastRetention = 10 * 60_000;

/** A bit of the operations that a user is allowed: who may read in a group may commit for it. */
const mayRead = 1 << 3;

/** The cluster is not as this program needs it; the message says what to do. */
export class UnsuitableCluster extends Error {}

interface Wanted {
  readonly name: string;
  readonly partitions: number;
  readonly configs: readonly { readonly name: string; readonly value: string }[];
}

/**
 * The system's topics in the cluster: one for the events of each module, one for what is told to all processes, and
 * one for what nobody can read. Every process makes those that are missing before it publishes.
 */
export class Topics {
  readonly broadcasts: string;
  readonly unreadable: string;
  readonly #prefix: string;
  readonly #address: BrokerAddress;
  readonly #modules: Set<string>;
  readonly #subscriptions = new Map<string, Subscription>();

  /** `modules` that run in this process. */
  constructor(
    prefix: string,
    address: BrokerAddress,
    subscriptions: Iterable<Subscription>,
    modules: Iterable<string>,
  ) {
    this.#prefix = prefix;
    this.#address = address;
    this.#modules = new Set(modules);
    this.broadcasts = `${prefix}.broadcasts`;
    this.unreadable = `${prefix}.unreadable`;
    for (const subscription of subscriptions) this.add(subscription);
  }

  add(subscription: Subscription): void {
    this.#subscriptions.set(subscription.name, subscription);
  }

  /** The topic of all events of a module, so that those with one key have one order. */
  eventsOf(module: string): string {
    return `${this.#prefix}.${module}`;
  }

  /** The consumer group of a subscription. */
  groupOf(subscription: string): string {
    return `${this.#prefix}.${subscription}`;
  }

  /** Makes what is missing, and has every new subscription begin where it should. */
  async declare(admin: Admin): Promise<void> {
    const existing = new Set(await admin.listTopics());
    // The cluster is there, and another broker takes over soon what a dead one led.
    for (const end = performance.now() + patience; ; await sleep(pause)) {
      try {
        return await this.#declare(existing, admin);
      } catch (error) {
        if (error instanceof UnsuitableCluster || isRefused(error) || performance.now() > end) throw error;
        admin.clearMetadata();
      }
    }
  }

  async #declare(existing: ReadonlySet<string>, admin: Admin): Promise<void> {
    const { wanted } = this;
    for (const topic of wanted) if (!existing.has(topic.name)) await this.#create(topic, admin);
    await this.#check(wanted, admin);
    for (const subscription of this.#subscriptions.values()) await this.#declareGroup(subscription, admin);
  }

  /** The topics that there have to be. */
  get wanted(): readonly Wanted[] {
    const publishers = [...this.#subscriptions.values()].map(({ event }) => event.module);
    const { partitions, replication } = this.#address;
    const safe = [{ name: 'min.insync.replicas', value: String(Math.max(1, replication - 1)) }];
    const short = [{ name: 'retention.ms', value: String(broadcastRetention) }];
    return [
      ...[...new Set([...this.#modules, ...publishers])].map((module) => ({
        name: this.eventsOf(module),
        partitions,
        configs: safe,
      })),
      { name: this.unreadable, partitions: 1, configs: safe },
      { name: this.broadcasts, partitions: 1, configs: short },
    ];
  }

  async #create({ name, partitions, configs }: Wanted, admin: Admin): Promise<void> {
    const { replication } = this.#address;
    const options = { topics: [name], partitions, replicas: replication, configs: [...configs] };
    for (const end = performance.now() + patience; ; await sleep(pause)) {
      try {
        return void (await admin.createTopics(options));
      } catch (error) {
        if (answered(error, 'TOPIC_ALREADY_EXISTS')) return;
        // Brokers may be about to start.
        if (answered(error, 'INVALID_REPLICATION_FACTOR') && performance.now() < end) continue;
        throw whyNot(error, `the topic ${name}`, replication, [`partitions=${partitions}`, ...configs.map(asText)]);
      }
    }
  }

  /** A key's partition depends on how many there are, and so does its order. */
  async #check(wanted: readonly Wanted[], admin: Admin): Promise<void> {
    const { topics } = await admin.metadata({ topics: wanted.map(({ name }) => name), forceUpdate: true });
    for (const { name, partitions } of wanted) {
      const { partitionsCount, partitions: led } = topics.get(name)!;
      if (partitionsCount !== partitions)
        throw new UnsuitableCluster(
          `its topic ${name} has ${partitionsCount} partitions, and ${partitions} are expected. Say so with ?partitions=${partitionsCount} in the EVENTS_URL of every process.`,
        );
      if (led.some(({ leader }) => leader < 0)) throw new Error(`its topic ${name} has a partition without a leader.`);
    }
  }

  /**
   * Commits where a new group begins, before anything is published that it must not miss: without that it would begin
   * where the topic ends when it first reads. The end is read before the commits are: if another process made the
   * group meanwhile, its commit is seen, and one made later than that is never replaced by a later end.
   */
  async #declareGroup({ name, event, from }: Subscription, admin: Admin): Promise<void> {
    const topic = this.eventsOf(event.module);
    const groupId = this.groupOf(name);
    const { partitions } = this.#address;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const timestamp = from !== undefined ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST;
    const [ends] = await admin.listOffsets({
      topics: [{ name: topic, partitions: all.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
    });
    const missing = await this.#withoutCommit(groupId, topic, all, admin);
    if (missing.length === 0) return;
    const partitionOffsets = ends!.partitions
      .filter(({ partitionIndex }) => missing.includes(partitionIndex))
      .map(({ partitionIndex, offset }) => ({ partition: partitionIndex, offset }));
    try {
      await admin.alterConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionOffsets }] });
    } catch (error) {
      // A member of the group, which exists by now, has made its commits before it joined.
      if ((await this.#withoutCommit(groupId, topic, all, admin)).length === 0) return;
      if (!isRefused(error)) throw error;
      // Its own process says where history begins, whenever that is.
      if (from !== undefined && !this.#modules.has(ownerOf(name))) return;
      throw new UnsuitableCluster(
        `it does not know where the new group ${groupId} begins, and this user may not tell it. Run what the command "broker" writes, as its help says.`,
      );
    }
  }

  /** Tells whether this user has the rights of processes that run other modules. */
  async mayActForOthers(admin: Admin): Promise<boolean> {
    const other = [...this.#subscriptions.keys()].find((name) => !this.#modules.has(ownerOf(name)));
    if (other === undefined) return false;
    const groupId = this.groupOf(other);
    const groups = await admin.describeGroups({ groups: [groupId], includeAuthorizedOperations: true });
    return ((groups.get(groupId)?.authorizedOperations ?? 0) & mayRead) !== 0;
  }

  async #withoutCommit(groupId: string, name: string, all: number[], admin: Admin): Promise<number[]> {
    const [group] = await admin.listConsumerGroupOffsets({
      groups: [{ groupId, topics: [{ name, partitionIndexes: all }] }],
    });
    const committed = new Set(
      group?.topics
        .find((topic) => topic.name === name)
        ?.partitions.filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex }) => partitionIndex),
    );
    return all.filter((partition) => !committed.has(partition));
  }
}

const asText = ({ name, value }: { readonly name: string; readonly value: string }): string => `${name}=${value}`;

function whyNot(error: unknown, topic: string, replication: number, settings: readonly string[]): unknown {
  if (answered(error, 'INVALID_REPLICATION_FACTOR'))
    return new UnsuitableCluster(
      `it has fewer than ${replication} brokers, which ${topic} is to be kept by. Start more, or say in EVENTS_URL how many there are to be: with ?replication=1, what the one broker has is lost with it.`,
    );
  if (answered(error, 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'POLICY_VIOLATION'))
    return new UnsuitableCluster(
      `it refuses to make ${topic} (${reasonOf(error)}). Let this user make topics, or make it with ${settings.join(', ')} and replication=${replication}.`,
    );
  return error;
}
