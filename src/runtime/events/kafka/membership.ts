// ADR 0063
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionPool, Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import type { Logger } from '#platform/logger.ts';
import { fullJitter } from '../../background/backoff.ts';
import { within } from '../../within.ts';
import type { BrokerAddress } from './broker-address.ts';
import { clientOptions, type Connection } from './connection.ts';
import { outOfRange, reasonOf } from './failure.ts';
import { type Fetched, fetchFrom, leadersOf } from './log-reader.ts';
import { Partition } from './partition.ts';

/**
 * Milliseconds. A member that was not heard of for the length of a session has left, and others take its partitions:
 * whoever is restarted faster than that, with the same name, finds them as they were.
 */
const [sessionTimeout, heartbeatInterval, rebalanceTimeout] = [10_000, 1_000, 20_000];
/** Milliseconds that a partition is held back for what was begun, and its commit. Less than a session: no heartbeats then. */
const [patience, commitTimeout] = [4_000, 2_000];
/** Milliseconds in which what is done is collected, to be committed together. */
const commitPause = 100;
const [firstPause, longestPause] = [100, 1_000];
/** How much is under way of one partition; it is not read on while there is more. */
const most = 250;

export interface MembershipOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  readonly topic: string;
  readonly group: string;
  /** The name of this process, the same after a restart; undefined if it has none. */
  readonly instance: string | undefined;
  readonly take: (record: Fetched, partition: Partition) => void;
  readonly connection: Connection;
  readonly logger: Logger;
}

/**
 * A place in a consumer group. A client that met an error it cannot handle is replaced by one that takes the same place,
 * with all its partitions: whoever joined anew while the group's coordinator moves would leave a ghost behind, which the
 * others wait for. The place is lost when the group says so.
 */
export class Membership {
  readonly #options: MembershipOptions;
  #consumer: Consumer;
  #instance: string | undefined;
  /** Rejects when the client is of no use any more. */
  #failure = Promise.withResolvers<never>();
  readonly #pool: ConnectionPool;
  readonly #owned = new Map<number, Partition>();
  /** Brokers that a fetch is on its way to. */
  readonly #asked = new Set<number>();
  readonly #over = new AbortController();
  #handover: Promise<void> | undefined;
  #joined = false;
  /** A partition is not read on, since enough of it is under way. */
  #full = false;
  #looking = false;
  #committing = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#instance = options.instance;
    const { address, clientId } = options;
    this.#pool = new ConnectionPool(clientId, clientOptions(address, clientId));
    this.#consumer = this.#open();
  }

  /** Joins, and joins again whenever a client fails, until it leaves. */
  async join(): Promise<void> {
    const { signal } = this.#over;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await Promise.race([this.#consumer.joinGroup({}), this.#failure.promise]);
        this.#options.connection.works(this);
        attempt = 1;
        await this.#failure.promise;
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(this, error);
        this.#replace();
      }
      await sleep(fullJitter(attempt, firstPause, longestPause), undefined, { signal }).catch(() => {});
    }
  }

  #open(): Consumer {
    const { address, clientId, topic, group, connection } = this.#options;
    const failure = (this.#failure = Promise.withResolvers<never>());
    // It may come when nobody joins any more.
    failure.promise.catch(() => {});
    const consumer = new Consumer({
      ...clientOptions(address, clientId),
      groupId: group,
      ...(this.#instance !== undefined && { groupInstanceId: this.#instance }),
      autocommit: false,
      sessionTimeout,
      rebalanceTimeout,
      heartbeatInterval,
      heartbeatStallTimeout: sessionTimeout,
      protocols: [{ name: 'cooperative-sticky', version: 3 }],
      // The client asks for this before each request to join, and waits for it: by then it knows what it has lost.
      protocolsMetadata: () => this.#handOver().then(() => Buffer.alloc(0)),
    });
    consumer.topics.track(topic);
    consumer.on('error', (error: Error) => failure.reject(error));
    consumer.on('consumer:heartbeat:error', ({ error }) => this.#failed(this, error));
    consumer.on('consumer:heartbeat:end', () => connection.works(this));
    consumer.on('consumer:heartbeat:stalled', ({ lastError }) => failure.reject(lastError));
    consumer.on('consumer:group:join', () => void this.#assigned());
    return consumer;
  }

  /** With a client that has the place of the last one. */
  #replace(): void {
    const { memberId, generationId, assignments } = this.#consumer;
    void this.#close();
    this.#consumer = Object.assign(this.#open(), { memberId, generationId, assignments });
  }

  /** Something is done, so it may be committed, and there may be room for more. */
  progress(): void {
    if (this.#full) this.#readOn();
    if (!this.#committing) void this.#keepCommitting();
  }

  /** Begins nothing new, waits a little for what has begun, and commits it. */
  async leave(): Promise<void> {
    await this.#letGo([...this.#owned.keys()]);
    this.#end();
    // A named member takes no leave: its partitions wait for it as long as a session.
    if (this.#instance === undefined) await within(sessionTimeout, this.#takeLeave(), () => {});
    await within(commitTimeout, Promise.all([this.#close(), this.#pool.close()]), () => {});
  }

  /**
   * Leaves the group, also when its coordinator is about to move. A member that is gone without it holds up every change
   * of the group for a session, and for another one whenever the coordinator moves.
   */
  async #takeLeave(): Promise<void> {
    const { topic } = this.#options;
    for (const end = performance.now() + sessionTimeout; ; await sleep(firstPause)) {
      try {
        return await this.#consumer.leaveGroup(true);
      } catch {
        if (performance.now() > end) return;
        this.#replace();
        const isThere = await this.#consumer.metadata({ topics: [topic], forceUpdate: true }).catch(() => undefined);
        if (!isThere) return;
      }
    }
  }

  #failed(user: object, error: unknown): void {
    if (!this.#over.signal.aborted) this.#options.connection.failed(user, error);
  }

  #end(): void {
    this.#over.abort();
    for (const partition of this.#owned.values()) this.#drop(partition);
    this.#options.connection.works(this);
  }

  #drop(partition: Partition): void {
    void partition.leave();
    this.#owned.delete(partition.number);
    this.#options.connection.works(partition);
  }

  /** Says nothing to the group, so that it keeps our place. */
  async #close(): Promise<void> {
    const consumer = this.#consumer;
    consumer.memberId = null;
    await Promise.allSettled([consumer.leaveGroup(true), consumer.close(true)]);
  }

  /** Lets go of the partitions that are not ours any more, before the group gives them to anybody else. */
  #handOver(): Promise<void> {
    // Only a member has partitions.
    if (this.#consumer.memberId === null) this.#consumer.assignments = [];
    // The broker forgot us, or another process has our name: asking for it again would take it from that one in turn.
    if (this.#joined && this.#consumer.memberId === null && this.#instance !== undefined) {
      const error = new Error(`The group has no member ${this.#instance} any more, or another one.`);
      this.#instance = undefined;
      return Promise.reject(error);
    }
    const mine = this.#assignment();
    const lost = [...this.#owned.keys()].filter((partition) => !mine.has(partition));
    return (this.#handover ??= this.#letGo(lost).finally(() => (this.#handover = undefined)));
  }

  async #letGo(partitions: readonly number[]): Promise<void> {
    const leaving = partitions.map((partition) => this.#owned.get(partition)!);
    if (leaving.length === 0) return;
    await within(patience, Promise.all(leaving.map((partition) => partition.leave())), () => {});
    for (const partition of leaving) this.#drop(partition);
    await within(commitTimeout, this.#commit(leaving), () => {}).catch(() => {});
  }

  #assignment(): ReadonlySet<number> {
    const { topic } = this.#options;
    return new Set(this.#consumer.assignments?.find((assignment) => assignment.topic === topic)?.partitions);
  }

  async #assigned(): Promise<void> {
    this.#joined = true;
    // One that is being let go of may be ours again: it is then begun anew, where its commits end.
    await this.#handover;
    while (!this.#over.signal.aborted) {
      const added = [...this.#assignment()].filter((partition) => !this.#owned.has(partition));
      try {
        const offsets = await this.#startingOffsets(added);
        const mine = this.#assignment();
        for (const [partition, offset] of offsets)
          if (mine.has(partition) && !this.#owned.has(partition) && !this.#over.signal.aborted)
            this.#owned.set(partition, new Partition(partition, offset));
        return this.#readOn();
      } catch (error) {
        this.#failed(this, error);
        await sleep(longestPause * Math.random());
      }
    }
  }

  async #startingOffsets(partitions: number[]): Promise<ReadonlyMap<number, bigint>> {
    const { topic } = this.#options;
    const offsets = new Map<number, bigint>();
    if (partitions.length === 0) return offsets;
    const committed = (await this.#consumer.listCommittedOffsets({ topics: [{ topic, partitions }] })).get(topic) ?? [];
    for (const partition of partitions)
      if ((committed[partition] ?? -1n) >= 0n) offsets.set(partition, committed[partition]!);
    const missing = partitions.filter((partition) => !offsets.has(partition));
    if (missing.length === 0) return offsets;
    // They were committed at the start, so somebody deleted them.
    this.#options.logger.error('The offsets of a subscription are gone; it begins again with all that its topic has.', {
      group: this.#options.group,
      topic,
      partitions: missing,
    });
    const earliest = await this.#earliest(missing);
    for (const partition of missing) offsets.set(partition, earliest.get(partition)!);
    return offsets;
  }

  async #earliest(partitions: number[]): Promise<ReadonlyMap<number, bigint>> {
    const { topic } = this.#options;
    const listed = await this.#consumer.listOffsets({
      topics: [topic],
      partitions: { [topic]: partitions },
      timestamp: ListOffsetTimestamps.EARLIEST,
    });
    return new Map(partitions.map((partition) => [partition, listed.get(topic)![partition]!]));
  }

  #readOn(): void {
    if (!this.#looking) void this.#look();
  }

  /** Asks every broker that is not being asked for more of its partitions that have room. */
  async #look(): Promise<void> {
    const { topic } = this.#options;
    this.#looking = true;
    while (!this.#over.signal.aborted) {
      try {
        const leaders = await leadersOf(this.#consumer, topic);
        const roomy = [...this.#owned.values()].filter(({ load }) => load < most);
        this.#full = roomy.length < this.#owned.size;
        for (const [node, partitions] of Map.groupBy(roomy, ({ number }) => leaders[number]!))
          if (!this.#asked.has(node)) void this.#readFrom(node, partitions);
        break;
      } catch (error) {
        this.#failed(this, error);
        await sleep(longestPause * Math.random());
      }
    }
    this.#looking = false;
  }

  async #readFrom(node: number, partitions: readonly Partition[]): Promise<void> {
    const { topic, connection, take } = this.#options;
    this.#asked.add(node);
    try {
      const offsets = new Map(partitions.map(({ number, next }) => [number, next]));
      const chunks = await fetchFrom(this.#consumer, this.#pool, node, topic, offsets);
      const present = partitions.filter(({ left }) => !left.aborted);
      for (const partition of present) {
        connection.works(partition);
        const chunk = chunks.find(({ partition: number }) => number === partition.number);
        if (!chunk) continue;
        partition.take(
          chunk.records.map(({ offset }) => offset),
          chunk.next,
        );
        for (const record of chunk.records) take(record, partition);
      }
    } catch (error) {
      const present = partitions.filter(({ left }) => !left.aborted);
      for (const partition of present) this.#failed(partition, error);
      await sleep(longestPause * Math.random());
      await this.#recover(present, error).catch((worse) => this.#failed(this, worse));
    }
    this.#asked.delete(node);
    this.#readOn();
  }

  /** A leader may have moved, or the records to read on from are not there. */
  async #recover(partitions: readonly Partition[], error: unknown): Promise<void> {
    const { topic, group, logger } = this.#options;
    if (this.#over.signal.aborted) return;
    await this.#consumer.metadata({ topics: [topic], forceUpdate: true });
    const missing = outOfRange(error);
    const lost = partitions.filter(({ number }) => missing.has(number));
    if (lost.length === 0) return;
    const earliest = await this.#earliest(lost.map(({ number }) => number));
    for (const partition of lost) {
      const first = earliest.get(partition.number)!;
      const where = { group, topic, partition: partition.number };
      if (partition.next < first) {
        const events = Number(first - partition.next);
        logger.error('Events were deleted before they were read: their topic keeps them for too short a time.', {
          ...where,
          events,
        });
        partition.take([], first);
      } else {
        const read = Number(partition.next);
        logger.error('A topic ends before what was read of it. It lost events, or was made anew; it is read again.', {
          ...where,
          read,
        });
        partition.restart(first);
      }
    }
  }

  async #keepCommitting(): Promise<void> {
    this.#committing = true;
    try {
      for (let attempt = 0; !this.#over.signal.aborted;) {
        await sleep(commitPause + fullJitter(attempt, firstPause, longestPause));
        const behind = [...this.#owned.values()].filter(({ done, committed }) => done > committed);
        if (behind.length === 0 || this.#over.signal.aborted) return;
        try {
          // One that is joining has no number for its commits, and asking for one would make it join again.
          if (this.#consumer.isActive()) await this.#commit(behind);
          attempt = 0;
        } catch (error) {
          attempt++;
          this.#options.logger.debug('What was delivered could not be committed yet.', { error: reasonOf(error) });
        }
      }
    } finally {
      this.#committing = false;
    }
  }

  async #commit(partitions: readonly Partition[]): Promise<void> {
    const { topic } = this.#options;
    const done = partitions.map((partition) => ({ partition, offset: partition.done }));
    const ahead = done.filter(({ partition, offset }) => offset > partition.committed);
    // Without a place, the client would join in the middle of this.
    if (ahead.length === 0 || this.#consumer.memberId === null) return;
    const offsets = ahead.map(({ partition, offset }) => ({
      topic,
      partition: partition.number,
      offset,
      leaderEpoch: -1,
    }));
    const [consumer, failure] = [this.#consumer, this.#failure];
    try {
      await consumer.commit({ offsets });
    } catch (error) {
      // The group refused it, and the client tried to join again in vain: without heartbeats, and nobody else is told.
      if (!consumer.isActive()) failure.reject(error as Error);
      throw error;
    }
    for (const { partition, offset } of ahead) partition.committed = offset;
  }
}
