/** Events over three brokers of Kafka that are killed in turn, and consumers that come, go, die and hang. */
import { once } from 'node:events';
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
/** Milliseconds: all events on a busy machine take many minutes; on an idle one, a few. A group may take half a minute to recover. */
const patience = { inAll: (events > 20_000 ? 39 : 6) * 60_000, silence: 90_000 };

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

  const everyEffect = () => counting.untilEffects(counting.announced, patience);
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
      const { signal } = over;
      const pause = (time: number) => delay(time, undefined, { signal }).catch(() => {});
      const counts = { killed: 0, joined: 0, left: 0, died: 0 };

      const brokers = async () => {
        const turn = (kill: number) => cluster.nodes.at(-kill % cluster.nodes.length)!;
        let [coordinator, since] = [0, 0];
        for (let kill = 1; !signal.aborted; kill++) {
          const known = await counting.coordinator();
          if (known !== coordinator) [coordinator, since] = [known, performance.now()];
          // A group that has lost a member waits for it for a session, and that begins anew with each coordinator.
          if (turn(kill).id === coordinator && performance.now() - since < beyondSession) kill++;
          const node = turn(kill);
          const untilNext = pause(betweenKills);
          await node.kill();
          counts.killed++;
          await node.restart();
          // With a second one away, two of three would not have what is published, and nothing is acknowledged: rightly.
          await counting.inSync(signal);
          await untilNext;
        }
      };
      const consumers = async (end: 'SIGTERM' | 'SIGKILL', count: 'left' | 'died', instance?: string) => {
        while (!signal.aborted) {
          const reader = await counting.read(`which ends by ${end}`, instance);
          counts.joined++;
          await pause(visit);
          await reader.end(end);
          counts[count]++;
        }
      };
      const stays = await counting.read('which stays', 'stays');
      const staying = async () => {
        await Promise.race([stays.exited, once(signal, 'abort')]);
        if (!signal.aborted) throw new Error(`The reader which stays ended:\n${stays.output}`);
      };
      const announcing = async () => {
        while (counting.announced < events && !signal.aborted) await counting.announceRound();
        return seconds();
      };
      const faults = [brokers(), consumers('SIGTERM', 'left'), consumers('SIGKILL', 'died', 'mortal'), staying()];
      const work = [counting.untilEffects(Math.ceil(events / keys) * keys, patience, signal), announcing()] as const;
      try {
        // They end when they are told to, or when they fail.
        const failing = Promise.all(faults).then(() => [0, 0] as const);
        const [silence, announcedAfter] = await Promise.race([Promise.all(work), failing]);
        const doneAfter = seconds();
        over.abort();
        await failing;
        console.log(
          [
            `\n${events} events of ${keys} keys through 3 brokers: announced after ${announcedAfter.toFixed(1)} s, all took effect after ${doneAfter.toFixed(1)} s (${Math.round(events / doneAfter)} a second)`,
            `brokers killed: ${counts.killed}, one every ${(doneAfter / counts.killed).toFixed(1)} s; consumers that joined: ${counts.joined}, left: ${counts.left}, died: ${counts.died}`,
            `records in the log: ${await counting.records()}; longest time without an effect: ${(silence / 1_000).toFixed(1)} s`,
          ].join('\n'),
        );
      } finally {
        // However it ends: the next test has the same brokers.
        over.abort();
        await Promise.allSettled([...faults, ...work]);
      }
      await expectOnceAndInOrder();
      expect(counts.killed).toBeGreaterThan(1);
    },
    patience.inAll + 5 * 60_000,
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
