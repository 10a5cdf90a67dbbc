/** Many events of many keys through Kafka, from an outbox to an inbox, and what became of them. */
import { randomUUID } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { Admin, FindCoordinatorKeyTypes, ListOffsetTimestamps } from '@platformatic/kafka';
import { orFail, within } from '../../../src/runtime/within.ts';
import { Landscape, type TestProgram, until } from '../../../src/runtime/events/testing/landscape.ts';
import { KafkaTransport } from '../../../src/runtime/events/kafka/kafka-transport.ts';
import { Metrics } from '../../../src/runtime/observability/metrics.ts';
import type { KafkaCluster } from '../../support/kafka/cluster.ts';
import { counted, subscription } from './counted.ts';
import { diagnosis } from './diagnosis.ts';
import { partitionsOf } from './partitions.ts';
import type { ReaderOptions } from './reader-process.ts';

const program = join(import.meta.dirname, 'reader-process.ts');
/** Events of one transaction. */
const together = 100;
const partitions = 12;
/** To start a reader. */
const attempts = 20;
/** Milliseconds that all brokers have to get everything, and a reader to end. */
const [syncPatience, endPatience] = [120_000, 60_000];

/** A process that reads, and how it may end. */
export class Reader {
  readonly name: string;
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>;
  readonly #process: ChildProcess;
  #output = '';

  constructor(name: string, options: ReaderOptions) {
    this.name = name;
    this.#process = spawn(process.execPath, [program, JSON.stringify(options)], {
      env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on('data', (data: Buffer) => (this.#output += data.toString()));
    this.exited = new Promise((resolve) => this.#process.once('close', resolve));
    const end = () => void this.#process.kill('SIGKILL');
    process.once('exit', end);
    void this.exited.then(() => process.off('exit', end));
  }

  /** False if it ended instead. */
  async ready(): Promise<boolean> {
    await until(() => !this.alive || this.output.includes('Ready.'), 120_000);
    return this.alive;
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Output so far. */
  get output(): string {
    return this.#output;
  }

  hang(): void {
    this.#process.kill('SIGSTOP');
  }

  wake(): void {
    this.#process.kill('SIGCONT');
  }

  /** In order by default; resolves when it has ended. Rejects if it had ended before, or does not end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.alive) throw new Error(`The reader ${this.name} ended by itself:\n${this.output}`);
    this.#process.kill(signal);
    await within(
      endPatience,
      this.exited,
      orFail(() => new Error(`The reader ${this.name} did not end at ${signal}:\n${this.output}`)),
    );
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exited;
  }
}

/** How long effects are waited for, in milliseconds. */
export interface Patience {
  readonly inAll: number;
  /** Without any effect. */
  readonly silence: number;
}

export class Counting {
  readonly #landscape: Landscape;
  readonly #announcer: TestProgram;
  readonly #cluster: KafkaCluster;
  readonly #prefix: string;
  readonly #keys: readonly string[];
  readonly #log: readonly string[];
  readonly #readers = new Set<Reader>();
  #rounds = 0;

  private constructor(
    landscape: Landscape,
    announcer: TestProgram,
    cluster: KafkaCluster,
    prefix: string,
    keys: number,
    log: readonly string[],
  ) {
    this.#landscape = landscape;
    this.#announcer = announcer;
    this.#cluster = cluster;
    this.#prefix = prefix;
    this.#log = log;
    this.#keys = Array.from({ length: keys }, (_, key) => `key-${key}`);
  }

  static async begin(cluster: KafkaCluster, keys: number): Promise<Counting> {
    const landscape = await Landscape.create();
    const prefix = `test-${randomUUID()}`;
    const options = { url: cluster.url, prefix, subscriptions: [subscription], modules: ['library'] };
    const log: string[] = [];
    const note = (line: string, details?: object) =>
      void log.push(`${new Date().toISOString()} ${line} ${inspect(details, { breakLength: Infinity })}`);
    const logger = { debug() {}, info: note, warn: note, error: note };
    const transport = new KafkaTransport({ ...options, logger, metrics: new Metrics() });
    const announcer = await landscape.start({ transport, logger, limits: { eventsInMemory: 2_000, sweep: 1_000 } });
    return new Counting(landscape, announcer, cluster, prefix, keys, log);
  }

  /** Announces the next event of each key. */
  async announceRound(): Promise<void> {
    const n = this.#rounds++;
    const { databases, library } = this.#announcer;
    for (let first = 0; first < this.#keys.length; first += together)
      await databases.library.transaction(async () => {
        for (const id of this.#keys.slice(first, first + together)) library.outbox.add(counted, { id, n });
      });
  }

  /**
   * A reader with an `instance` finds its partitions again after seconds; without, it leaves when it stops. One that
   * could not start is started again, as a supervisor does: on a busy machine a cluster may take long to recover.
   */
  async read(name: string, instance?: string): Promise<Reader> {
    const transport = { url: this.#cluster.url, prefix: this.#prefix, ...(instance !== undefined && { instance }) };
    for (let attempt = 1; ; attempt++) {
      const reader = new Reader(name, { connection: this.#landscape.readers.connection, transport });
      this.#readers.add(reader);
      if (await reader.ready()) return reader;
      if (attempt === attempts) throw new Error(`The reader ${name} ends at its start:\n${reader.output}`);
    }
  }

  get announced(): number {
    return this.#rounds * this.#keys.length;
  }

  async effects(): Promise<number> {
    const { rows } = await this.#landscape.readers.sql('select count(*)::int as count from readers.effects');
    return rows[0].count;
  }

  /**
   * Resolves when `events` had an effect, or `signal` is aborted, with the longest time without one in milliseconds.
   * Rejects, with where they hang, when patience is over.
   */
  async untilEffects(events: number, patience: Patience, signal = new AbortController().signal): Promise<number> {
    const begun = performance.now();
    let [known, since, longest] = [0, begun, 0];
    while (!signal.aborted) {
      const effects = await this.effects();
      const now = performance.now();
      longest = Math.max(longest, now - since);
      if (effects >= events) break;
      if (effects > known) [known, since] = [effects, now];
      const silent = now - since;
      if (silent > patience.silence || now - begun > patience.inAll) {
        const [seconds, silence] = [now - begun, silent].map((time) => `${(time / 1_000).toFixed(1)} s`);
        throw new Error(
          `${effects} of ${events} events took effect within ${seconds}, none in the last ${silence}.\n${await this.diagnosis()}`,
        );
      }
      await delay(250);
    }
    return longest;
  }

  diagnosis(): Promise<string> {
    const living = [...this.#readers]
      .filter(({ alive }) => alive)
      .map(({ name, output }) => [`Reader ${name}`, output]);
    return diagnosis({
      landscape: this.#landscape,
      cluster: this.#cluster,
      topic: this.#topic,
      group: this.#group,
      said: Object.fromEntries([['Announcer', this.#log.join('\n')], ...living]),
    });
  }

  /** Some of the keys whose effects are not 0, 1, 2, ... each once and in this order, with what they are instead. */
  async wrong(): Promise<readonly { id: string; numbers: readonly number[] }[]> {
    const { rows } = await this.#landscape.readers.sql(
      `select id, array_agg(n order by seq) as numbers from readers.effects group by id
       having array_agg(n order by seq) <> array(select generate_series(0, $1::int - 1)) limit 5`,
      [this.#rounds],
    );
    return rows;
  }

  unpublished(): Promise<number> {
    return this.#landscape.unpublished();
  }

  /** Resolves when every broker has all that was published and committed, or `signal` is aborted. */
  async inSync(signal: AbortSignal): Promise<void> {
    const topics = [this.#topic, '__consumer_offsets'];
    const { bootstrapBrokers } = this.#cluster;
    for (const end = performance.now() + syncPatience; !signal.aborted; await delay(200)) {
      const known = await partitionsOf(bootstrapBrokers, topics).catch(() => []);
      const whole = known.filter(({ leader, replicas, isr }) => leader >= 0 && isr.length === replicas.length);
      if (topics.every((topic) => known.some((each) => each.topic === topic)) && whole.length === known.length) return;
      if (performance.now() > end)
        throw new Error(`The brokers did not get in sync within ${syncPatience} ms.\n${await this.diagnosis()}`);
    }
  }

  /** The id of the broker that keeps the readers' group together. */
  async coordinator(): Promise<number> {
    const admin = new Admin({ clientId: 'counting', bootstrapBrokers: this.#cluster.bootstrapBrokers });
    const [found] = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [this.#group] });
    await admin.close();
    return found!.nodeId;
  }

  /** Records in the log: what was announced, and what was sent again because the answer to it was lost. */
  async records(): Promise<number> {
    const admin = new Admin({ clientId: 'counting', bootstrapBrokers: this.#cluster.bootstrapBrokers });
    const all = Array.from({ length: partitions }, (_, partitionIndex) => partitionIndex);
    const timestamp = ListOffsetTimestamps.LATEST;
    const [topic] = await admin.listOffsets({
      topics: [{ name: this.#topic, partitions: all.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
    });
    await admin.close();
    return topic!.partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
  }

  async stop(): Promise<void> {
    for (const reader of this.#readers) await reader.kill();
    await this.#landscape.drop();
  }

  get #group(): string {
    return `${this.#prefix}.${subscription.name}`;
  }

  get #topic(): string {
    return `${this.#prefix}.library`;
  }
}
