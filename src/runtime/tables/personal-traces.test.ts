import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { personalTraces } from './personal-traces.ts';

let library: TestDatabase;
beforeAll(async () => {
  library = await libraryDatabase();
});
afterAll(() => library.drop());

const answered = (caller: string) =>
  library.sql("INSERT INTO library.idempotency_keys VALUES ($1, $2, '', 201, '[]', '{}')", [
    `${caller} POST /v1/loans`,
    randomUUID(),
  ]);
const announced = (key: string, publishedAt: Date | null) =>
  library.sql(
    `INSERT INTO library.outbox (id, name, version, key, payload, headers, occurred_at, owner, published_at)
     VALUES ($1, 'library.happened', 1, $2, '{}', '{}', now(), 0, $3)`,
    [randomUUID(), key, publishedAt],
  );
const mailed = (key: string) =>
  library.sql(
    `INSERT INTO library.mails (id, name, key, data, headers, state, owner, wake_at, useful_until)
     VALUES ($1, 'library.overdue', $2, '{}', '{}', 'waiting', 0, now(), now())`,
    [randomUUID(), key],
  );
const left = async () => ({
  mails: (await library.sql('SELECT key FROM library.mails ORDER BY 1')).rows.map(({ key }) => key),
  answers: (await library.sql('SELECT scope FROM library.idempotency_keys ORDER BY 1')).rows.map(({ scope }) => scope),
  events: (await library.sql('SELECT key, published_at IS NOT NULL AS published FROM library.outbox ORDER BY 1, 2'))
    .rows,
});

it('forgets the answers and mails to somebody and the events about them, never an event that is still to be published', async () => {
  const now = new Date();
  for (const person of ['one', 'one-more']) {
    await answered(person);
    await mailed(person);
    await announced(person, now);
    await announced(person, null);
  }
  const before = await left();
  const failing = library.database.transaction(async () => {
    await personalTraces(library.database).forget('one');
    throw new Error('changed our mind');
  });
  await expect(failing).rejects.toThrow('changed our mind');
  expect(await left(), 'it joins the transaction').toEqual(before);

  await personalTraces(library.database).forget('one');
  expect(await left()).toEqual({
    mails: ['one-more'],
    answers: ['one-more POST /v1/loans'],
    events: [
      { key: 'one', published: false },
      { key: 'one-more', published: false },
      { key: 'one-more', published: true },
    ],
  });
});
