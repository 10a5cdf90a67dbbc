/** Guarantees of every transport, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { currentContext, newTrace, CallContext, runInContext } from '#platform/context.ts';
import { event } from '#platform/contract.ts';
import { Deadline } from '#platform/deadline.ts';
import type { Envelope } from '../envelope.ts';
import { type Receiver, type Subscription, Transport } from '../transport.ts';
import type { Carrier, Connected } from './carrier.ts';
import { happened, Landscape, never, until } from './landscape.ts';
import { transportOutages } from './transport-outages.ts';

/** Ends the process, as far as publishing is concerned, before or after an event went out. */
class DyingTransport extends Transport {
  readonly system;
  readonly reachesOtherProcesses;
  readonly #carrier: Transport;
  readonly #lastWords: boolean;

  constructor(carrier: Transport, lastWords: boolean) {
    super();
    this.system = carrier.system;
    this.reachesOtherProcesses = carrier.reachesOtherProcesses;
    this.#carrier = carrier;
    this.#lastWords = lastWords;
  }

  override get unreached(): readonly string[] {
    return this.#carrier.unreached;
  }

  subscribe(subscription: Subscription, receive: Receiver): void {
    this.#carrier.subscribe(subscription, receive);
  }

  async publish(envelope: Envelope): Promise<void> {
    if (this.#lastWords) await this.#carrier.publish(envelope);
    return never;
  }

  broadcast(topic: string, message: string): void {
    this.#carrier.broadcast(topic, message);
  }

  onBroadcast(topic: string, listener: (message: string) => void, onGap?: () => void): void {
    this.#carrier.onBroadcast(topic, listener, onGap);
  }

  async start(): Promise<void> {
    await this.#carrier.start();
  }

  async stop(): Promise<void> {
    await this.#carrier.stop();
  }
}

const mortal = ({ transport, die }: Connected, lastWords: boolean) => ({
  transport: new DyingTransport(transport, lastWords),
  die,
});

export function transportConformance(name: string, makeCarrier: () => Promise<Carrier>): void {
  describe(`events over ${name}`, () => {
    let carrier: Carrier;
    let landscape: Landscape;

    beforeEach(async () => {
      [carrier, landscape] = await Promise.all([makeCarrier(), Landscape.create()]);
    });
    afterEach(async () => {
      await landscape.drop();
      await carrier.stop();
    });

    const effectsOf = async (subscription: string) =>
      (await landscape.effects()).filter((effect) => effect.subscription === subscription);
    const numbersOf = async (subscription: string, id: string) =>
      (await effectsOf(subscription)).filter((effect) => effect.id === id).map(({ n }) => n);
    const effects = async (count: number) => until(async () => (await landscape.effects()).length >= count);
    const settled = () => until(async () => (await landscape.unpublished()) === 0);

    it('reach every subscriber of what was committed', async () => {
      const program = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.a': {}, 'readers.b': {} },
      });
      await program.announce({ id: 'k', n: 1 });
      await effects(2);
      expect(await landscape.effects()).toMatchObject([
        { id: 'k', n: 1, attempt: 1 },
        { id: 'k', n: 1, attempt: 1 },
      ]);
      await settled();
    });

    it('wait for a module that exists and does not run, and then reach each of its subscriptions once and in order', async () => {
      const later = { name: 'readers.later', event: happened };
      const unheard = event('library.unheard', 1, { key: 'id', payload: z.object({ id: z.string() }) });
      const early = await landscape.start({ ...(await carrier.connect([later])), reactions: { 'readers.a': {} } });
      for (let n = 0; n < 5; n++) await early.announce({ id: 'k', n }, { id: `k${n}`, n });
      await early.announceAs(unheard, { id: 'k' });
      const ofUnheard = async () =>
        (await landscape.library.sql(`select published_at from library.outbox where name = 'library.unheard'`)).rows[0];
      await until(async () => (await ofUnheard()).published_at !== null);
      await early.stop();
      const whole = await landscape.start({
        ...(await carrier.connect([later])),
        reactions: { 'readers.a': {}, 'readers.later': {} },
      });
      await whole.announce({ id: 'k', n: 5 });
      await until(
        async () => (await effectsOf('readers.later')).length >= 11 && (await effectsOf('readers.a')).length >= 11,
      );
      await settled();
      expect(await numbersOf('readers.later', 'k')).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await numbersOf('readers.a', 'k')).toEqual([0, 1, 2, 3, 4, 5]);
    });

    it('do not exist when their transaction was rolled back', async () => {
      const program = await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} } });
      const rolledBack = program.databases.library.transaction(async () => {
        program.library.outbox.add(happened, { id: 'k', n: 1 });
        throw new Error('changed our mind');
      });
      await expect(rolledBack).rejects.toThrow('changed our mind');
      await program.announce({ id: 'k', n: 2 });
      await effects(1);
      expect(await landscape.effects()).toMatchObject([{ n: 2 }]);
    });

    it('carry the request and the trace they come from', async () => {
      const contexts: (CallContext | undefined)[] = [];
      const program = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.a': { react: () => void contexts.push(currentContext()) } },
      });
      const trace = { ...newTrace(), sampled: true, state: 'vendor=x', baggage: 'shop=berlin' };
      const context = new CallContext({ deadline: new Deadline(1_000), requestId: 'request-7', trace });
      await runInContext(context, () => program.announce({ id: 'k', n: 1 }));
      await effects(1);
      expect(contexts[0]).toMatchObject({ requestId: 'request-7', principal: undefined });
      expect(contexts[0]!.trace).toEqual({ ...trace, spanId: expect.any(String) });
    });

    it('are delivered after all if the process dies between the commit and publishing', async () => {
      const dying = await landscape.start({
        ...mortal(await carrier.connect(), false),
        reactions: { 'readers.a': {} },
      });
      await dying.announce({ id: 'k', n: 1 }, { id: 'k', n: 2 });
      await dying.crash();
      expect(await landscape.effects()).toEqual([]);
      await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} } });
      await effects(2);
      expect(await numbersOf('readers.a', 'k')).toEqual([1, 2]);
    });

    it('take effect once if the process dies before it noted that they are out', async () => {
      const dying = await landscape.start({ ...mortal(await carrier.connect(), true), reactions: { 'readers.a': {} } });
      await dying.announce({ id: 'k', n: 1 }, { id: 'k', n: 2 });
      await effects(2);
      expect(await landscape.unpublished()).toBe(2);
      await dying.crash();
      const next = await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} } });
      await settled();
      await next.announce({ id: 'k', n: 3 });
      await effects(3);
      expect(await numbersOf('readers.a', 'k')).toEqual([1, 2, 3]);
    });

    it('take effect once if the process dies in the middle of a reaction', async () => {
      let reached = 0;
      const dying = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.a': { react: () => (reached++, never) } },
      });
      await dying.announce({ id: 'k', n: 1 });
      await until(() => reached === 1);
      await dying.crash();
      const next = await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} } });
      await next.announce({ id: 'k', n: 2 });
      await effects(2);
      await settled();
      expect(await numbersOf('readers.a', 'k')).toEqual([1, 2]);
    });

    it('with the same key take effect in their order, while other keys pass', async () => {
      const slow = {
        react: async ({ n }: { n: number }) => new Promise<void>((resolve) => setTimeout(resolve, n % 3)),
      };
      const program = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.a': slow, 'readers.b': {} },
      });
      const keys = ['k1', 'k2', 'k3'];
      for (let n = 0; n < 20; n++) await program.announce(...keys.map((id) => ({ id, n })));
      await effects(120);
      const inOrder = Array.from({ length: 20 }, (_, n) => n);
      for (const id of keys) {
        expect(await numbersOf('readers.a', id)).toEqual(inOrder);
        expect(await numbersOf('readers.b', id)).toEqual(inOrder);
      }
    });

    it('are tried again when a reaction fails, which holds up its key for its own subscription only', async () => {
      const failing = {
        react: ({ id }: { id: string }, { attempt }: { attempt: number }) => {
          if (id === 'bad' && attempt < 4) throw new Error('not yet');
        },
      };
      const limits = { firstPause: 100, longestPause: { delivery: 200, step: 40, undo: 40 } };
      const program = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.a': failing, 'readers.b': {} },
        limits,
      });
      await program.announce({ id: 'bad', n: 1 }, { id: 'bad', n: 2 }, { id: 'good', n: 1 });
      await effects(6);
      expect(await effectsOf('readers.a')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ id: 'good', n: 1, attempt: 1 }),
          expect.objectContaining({ id: 'bad', n: 1, attempt: 4 }),
        ]),
      );
      expect(await numbersOf('readers.a', 'bad')).toEqual([1, 2]);
      expect((await effectsOf('readers.a'))[0]).toMatchObject({ id: 'good' });
      expect(await numbersOf('readers.b', 'bad')).toEqual([1, 2]);
    });

    it('end as dead letters that can be listed, inspected and replayed once, and their key goes on', async () => {
      let broken = true;
      const failing = {
        react: ({ n }: { n: number }) => {
          if (broken && n === 1) throw new Error('it is broken');
        },
      };
      const limits = { attempts: 3 };
      const program = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.a': failing },
        limits,
      });
      await program.announce({ id: 'k', n: 1 }, { id: 'k', n: 2 });
      await effects(1);
      expect(await numbersOf('readers.a', 'k')).toEqual([2]);

      const [letter, ...more] = await program.readers.deadLetters.list();
      expect(more).toEqual([]);
      expect(letter).toMatchObject({ subscription: 'readers.a', key: 'k', attempts: 3, error: 'Error: it is broken' });
      const { eventId } = letter!;
      expect(await program.readers.deadLetters.get('readers.a', eventId)).toMatchObject({
        event: { name: 'library.happened', payload: { n: 1 } },
      });

      expect(await program.readers.deadLetters.replay('readers.a', eventId)).toBe(true);
      await until(async () => (await program.readers.deadLetters.list())[0]?.attempts === 4);
      broken = false;
      expect(await program.readers.deadLetters.replay('readers.a', eventId)).toBe(true);
      await effects(2);
      expect(await program.readers.deadLetters.replay('readers.a', eventId)).toBe(false);
      expect(await numbersOf('readers.a', 'k')).toEqual([2, 1]);
      expect(await program.readers.deadLetters.list()).toEqual([]);
    });

    it('in a version that the subscriber does not know are dead letters at once, and say so', async () => {
      const program = await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} } });
      const next = event('library.happened', 2, { key: 'id', payload: z.object({ id: z.string(), count: z.int() }) });
      await program.announceAs(next, { id: 'k', count: 1 });
      await until(async () => (await program.readers.deadLetters.list()).length === 1);
      const [letter] = await program.readers.deadLetters.list();
      expect(letter?.error).toBe('Version 2 of library.happened is unknown here; version 1 is known.');
      expect(await landscape.effects()).toEqual([]);
    });

    it('reach the reaction to their own version where a module has reactions to several', async () => {
      const next = event('library.happened', 2, { key: 'id', payload: happened.payload });
      const program = await landscape.start({
        ...(await carrier.connect()),
        reactions: { 'readers.v1': {}, 'readers.v2': { event: next } },
      });
      await program.announce({ id: 'k', n: 1 });
      await program.announceAs(next, { id: 'k', n: 2 });
      await effects(2);
      await settled();
      expect(await numbersOf('readers.v1', 'k')).toEqual([1]);
      expect(await numbersOf('readers.v2', 'k')).toEqual([2]);
      expect(await program.readers.deadLetters.list()).toEqual([]);
    });

    it('whose payload is not what was agreed are dead letters at once, and hold up nothing', async () => {
      const program = await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} } });
      const other = event('library.happened', 1, { key: 'id', payload: z.object({ id: z.string(), n: z.string() }) });
      await program.announceAs(other, { id: 'k', n: 'one' });
      await program.announce({ id: 'k', n: 2 });
      await effects(1);
      const [letter] = await program.readers.deadLetters.list();
      expect(letter).toMatchObject({
        attempts: 1,
        error: expect.stringContaining('n: Invalid input: expected number'),
      });
      expect(await numbersOf('readers.a', 'k')).toEqual([2]);
      await program.readers.deadLetters.replay('readers.a', letter!.eventId);
      await until(async () => (await landscape.inbox()).some(({ attempts }) => attempts === 2));
      expect(await program.readers.deadLetters.list(), 'its replay is one more try').toHaveLength(1);
    });

    it('arrive complete, once and in order when there are ten thousand of them and little memory', async () => {
      const limits = { eventsInMemory: 1_000, deliveries: 6 };
      const program = await landscape.start({ ...(await carrier.connect()), reactions: { 'readers.a': {} }, limits });
      const [rounds, keys] = [50, 200];
      for (let n = 0; n < rounds; n++) {
        await program.announce(...Array.from({ length: keys }, (_, key) => ({ id: `k${key}`, n })));
      }
      await until(async () => (await landscape.unpublished()) === 0, 250_000);
      const arrived = async () =>
        (await landscape.readers.sql('select count(*)::int from readers.effects')).rows[0].count;
      await until(async () => (await arrived()) >= rounds * keys, 250_000);
      const all = await landscape.effects();
      expect(all).toHaveLength(rounds * keys);
      const inOrder = Array.from({ length: rounds }, (_, n) => n);
      for (let key = 0; key < keys; key++)
        expect(all.filter(({ id }) => id === `k${key}`).map(({ n }) => n)).toEqual(inOrder);
    });

    it('with the same key keep their order when two instances announce them in turn', async () => {
      const reactions = { 'readers.a': {} };
      const instances = [
        await landscape.start({ ...(await carrier.connect()), reactions }),
        await landscape.start({ ...(await carrier.connect()), reactions }),
      ];
      for (let n = 0; n < 30; n++) await instances[n % 2]!.announce({ id: 'k', n }, { id: `own-${n % 2}`, n });
      await effects(60);
      expect(await numbersOf('readers.a', 'k')).toEqual(Array.from({ length: 30 }, (_, n) => n));
      await settled();
    });

    transportOutages(
      () => carrier,
      () => landscape,
    );
  });
}
