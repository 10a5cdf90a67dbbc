/** Guarantees of every transport while processes, databases and the transport itself come and go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { tcpLink } from '../../../../tests/support/tcp-link.ts';
import type { Carrier } from './carrier.ts';
import { type Landscape, until } from './landscape.ts';

const keys = ['k0', 'k1', 'k2', 'k3', 'k4'];
const inOrder = (count: number) => Array.from({ length: count }, (_, n) => n);

export function transportOutages(carrier: () => Carrier, landscape: () => Landscape): void {
  const numbersOf = async (id: string) =>
    (await landscape().effects()).filter((effect) => effect.id === id).map(({ n }) => n);
  const expectAll = async (rounds: number) => {
    await until(async () => (await landscape().effects()).length >= rounds * keys.length);
    await until(async () => (await landscape().unpublished()) === 0);
    for (const id of keys) expect(await numbersOf(id)).toEqual(inOrder(rounds));
  };
  const reactions = { 'readers.a': {} };

  it('arrive once and in order though the connection breaks again and again', async () => {
    const connected = await carrier().connect();
    const program = await landscape().start({ ...connected, reactions });
    for (let n = 0; n < 60; n++) {
      await program.announce(...keys.map((id) => ({ id, n })));
      if (n % 15 !== 7) continue;
      connected.away();
      connected.back();
      await sleep(30);
    }
    await expectAll(60);
  });

  it('wait while the transport is away, and follow when it is back', async () => {
    const connected = await carrier().connect();
    const limits = { eventsInMemory: 20 };
    const program = await landscape().start({ ...connected, reactions, limits });
    connected.away();
    for (let n = 0; n < 30; n++) await program.announce(...keys.map((id) => ({ id, n })));
    if (connected.transport.reachesOtherProcesses) {
      await sleep(300);
      expect(await landscape().unpublished()).toBe(150);
    }
    connected.back();
    await expectAll(30);
  });

  it('are received by another instance, once and in order, when the one that received them is cut off in the middle', async () => {
    const receiving = await carrier().connect();
    await landscape().start({ ...receiving, reactions });
    const other = await landscape().start({ ...(await carrier().connect()), reactions });
    for (let n = 0; n < 40; n++) {
      await other.announce(...keys.map((id) => ({ id, n })));
      if (n === 20) receiving.die();
    }
    await expectAll(40);
  });

  it('that were committed arrive though their publisher dies, and again the next one', async () => {
    let announced = 0;
    for (let life = 0; life < 3; life++) {
      const program = await landscape().start({ ...(await carrier().connect()), reactions });
      for (let n = 0; n < 20; n++) await program.announce(...keys.map((id) => ({ id, n: announced + n })));
      announced += 20;
      if (life < 2) await program.crash();
    }
    await expectAll(60);
  });

  it("wait while the subscriber's database is away, and nothing later with their key passes them", async () => {
    const link = await tcpLink(landscape().readers.connection);
    const program = await landscape().start({ ...(await carrier().connect()), reactions, readersPort: link.port });
    link.refuse();
    link.breakAll();
    for (let n = 0; n < 10; n++) await program.announce(...keys.map((id) => ({ id, n })));
    await sleep(300);
    expect(await landscape().effects()).toEqual([]);
    link.accept();
    await expectAll(10);
    await link.close();
  });
}
