import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tcpLink } from '../../../tests/support/tcp-link.ts';
import { silentLogger, libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { liveOwners, nobody, Ownership } from './ownership.ts';
import { until } from '../events/testing/landscape.ts';

let test: TestDatabase;
let ownership: Ownership;
beforeEach(async () => {
  test = await libraryDatabase();
  ownership = new Ownership(test.connection, 'library', silentLogger);
});
afterEach(async () => {
  await ownership.stop();
  await test.drop();
});

const live = async () => (await test.database.query<{ objid: number }>(liveOwners)).rows.map(({ objid }) => objid);
const cut = () =>
  test.sql(`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'fissile library ownership' and datname = current_database()`);

describe('the number of an instance', () => {
  it('is seen to live until the instance stops', async () => {
    expect(ownership.owner).toBe(nobody);
    await ownership.start();
    expect(ownership.owner).toBeGreaterThan(0);
    expect(await live()).toEqual([ownership.owner]);
    await ownership.stop();
    expect(ownership.owner).toBe(nobody);
    await until(async () => (await live()).length === 0);
  });

  it('is another one for every instance', async () => {
    const other = new Ownership(test.connection, 'library', silentLogger);
    await Promise.all([ownership.start(), other.start()]);
    expect(new Set(await live())).toEqual(new Set([ownership.owner, other.owner]));
    expect(ownership.owner).not.toBe(other.owner);
    await other.stop();
  });

  it('dies with its session, and another one follows', async () => {
    await ownership.start();
    const before = ownership.owner;
    await cut();
    await until(() => ownership.owner !== before);
    await until(() => ownership.owner !== nobody);
    expect(ownership.owner).not.toBe(before);
    expect(ownership.losses).toBe(1);
    expect(await live()).toEqual([ownership.owner]);
  });

  it('comes back however long the database is away', async () => {
    const link = await tcpLink(test.connection);
    const linked = new Ownership({ ...test.connection, port: link.port }, 'library', silentLogger);
    await linked.start();
    link.refuse();
    link.breakAll();
    await until(() => linked.owner === nobody);
    await sleep(600);
    expect(linked.owner).toBe(nobody);
    link.accept();
    await until(() => linked.owner !== nobody);
    expect(await live()).toContain(linked.owner);
    await linked.stop();
    await link.close();
  });

  it('is given up when the database does not answer, though nobody closed the connection', async () => {
    const link = await tcpLink(test.connection);
    const linked = new Ownership({ ...test.connection, port: link.port }, 'library', silentLogger, 100);
    await linked.start();
    link.delay = 1_000_000;
    await until(() => linked.owner === nobody);
    expect(linked.owner).toBe(nobody);
    await linked.stop();
    await link.close();
  });

  it('is not had without a database', async () => {
    const nowhere = new Ownership({ ...test.connection, port: 1 }, 'library', silentLogger);
    await expect(nowhere.start()).rejects.toThrow('ECONNREFUSED');
  });
});
