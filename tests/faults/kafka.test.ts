/** Events over three brokers of Kafka that are killed in turn, and consumers that come, go, die and hang. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { needsKafkaCluster, noKafkaCluster } from '../support/kafka.ts';
import { KafkaCluster } from '../support/kafka/cluster.ts';
import { Counting } from './kafka/counting.ts';

const keys = 1_000;
/** The gate takes fewer. */
const events = Number(process.env['KAFKA_EVENTS'] || 100_000);
/** Milliseconds: between two brokers killed, for which a consumer stays, and longer than a session in a group. */
const [betweenKills, visit, beyondSession] = [5_000, 10_000, 15_000];
/** All events on a busy machine take many minutes; on an idle one, a few. */
const longest = 40 * 60_000;
const patience = { timeout: longest - 60_000, interval: 250 };

describe.skipIf(noKafkaCluster)(`Kafka with three brokers${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  let counting: Counting;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ nodes: 3 });
  });
  afterAll(() => cluster?.close());
  beforeEach(async () => {
    counting = await Counting.begin(cluster, keys);
  });
  afterEach(() => counting?.stop());

  const everyEffect = async () => {
    await expect.poll(() => counting.effects(), patience).toBeGreaterThanOrEqual(counting.announced);
  };
  const expectOnceAndInOrder = async () => {
    await expect.poll(() => counting.unpublished()).toBe(0);
    expect(await counting.effects()).toBe(counting.announced);
    expect(await counting.wrong()).toEqual([]);
  };

  it(
    `gives each of ${events} events one effect, in order per key, while brokers are killed and consumers come and go`,
    async () => {
      const begun = performance.now();
      const seconds = () => (performance.now() - begun) / 1_000;
      const over = new AbortController();
      const pause = (time: number) => delay(time, undefined, { signal: over.signal }).catch(() => {});
      const counts = { killed: 0, joined: 0, left: 0, died: 0 };

      const brokers = async () => {
        // Leadership goes to the next broker. If that was killed next, again and again, no group would ever get together.
        for (let kill = 1; !over.signal.aborted; kill++) {
          const node = cluster.nodes.at(-kill % cluster.nodes.length)!;
          const untilNext = pause(betweenKills);
          await node.kill();
          counts.killed++;
          await node.restart();
          // With a second one away, two of three would not have what is published, and nothing is acknowledged: rightly.
          await counting.inSync();
          await untilNext;
        }
      };
      const consumers = async (signal: 'SIGTERM' | 'SIGKILL', end: 'left' | 'died', instance?: string) => {
        while (!over.signal.aborted) {
          const reader = await counting.read(`which ends by ${signal}`, instance);
          counts.joined++;
          await pause(visit);
          await reader.end(signal);
          counts[end]++;
        }
      };
      const silences: number[] = [];
      const watching = async () => {
        let [known, since] = [0, performance.now()];
        while (!over.signal.aborted) {
          const now = await counting.effects();
          if (now > known) {
            silences.push(performance.now() - since);
            [known, since] = [now, performance.now()];
          }
          await pause(250);
        }
      };
      await counting.read('which stays', 'stays');
      const faults = [brokers(), consumers('SIGTERM', 'left'), consumers('SIGKILL', 'died', 'mortal'), watching()];

      while (counting.announced < events) await counting.announceRound();
      const announcedAfter = seconds();
      await everyEffect();
      const doneAfter = seconds();
      over.abort();
      await Promise.all(faults);

      console.log(
        [
          `\n${events} events of ${keys} keys through 3 brokers: announced after ${announcedAfter.toFixed(1)} s, all took effect after ${doneAfter.toFixed(1)} s (${Math.round(events / doneAfter)} a second)`,
          `brokers killed: ${counts.killed}, one every ${(doneAfter / counts.killed).toFixed(1)} s; consumers that joined: ${counts.joined}, left: ${counts.left}, died: ${counts.died}`,
          `records in the log: ${await counting.records()}; longest time without an effect: ${(Math.max(...silences) / 1_000).toFixed(1)} s`,
        ].join('\n'),
      );
      await expectOnceAndInOrder();
      expect(counts.killed).toBeGreaterThan(1);
    },
    longest,
  );

  it('does without a consumer that hangs for longer than its session, whose awakening has no effect', async () => {
    await counting.read('which stays');
    const zombie = await counting.read('which hangs');
    await counting.announceRound();
    await everyEffect();
    for (let round = 0; round < 4; round++) await counting.announceRound();
    // In the middle of its work.
    await expect.poll(() => counting.effects(), { interval: 5 }).toBeGreaterThan(keys + 200);
    zombie.hang();
    const hung = performance.now();
    await everyEffect();
    for (let round = 0; round < 3; round++) await counting.announceRound();
    await everyEffect();
    await delay(Math.max(0, beyondSession - (performance.now() - hung)));
    zombie.wake();
    for (let round = 0; round < 3; round++) await counting.announceRound();
    await everyEffect();
    await expectOnceAndInOrder();
  });

  it('lets a process start though a broker is dead, whichever it is', async () => {
    for (const node of cluster.nodes) {
      await node.kill();
      const reader = await counting.read(`which starts without broker ${node.id}`);
      await counting.announceRound();
      await everyEffect();
      await reader.end();
      await node.restart();
    }
    await expectOnceAndInOrder();
  });
});
