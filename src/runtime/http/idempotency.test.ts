import { hash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { somebody, tokenFor } from '../../../tests/support/gateway.ts';
import { statementsOf } from '../../../tests/support/statements.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { lendingLibrary } from './testing/lending-library.ts';

const library = lendingLibrary();
const { lend, lending, loans, held } = library;

const advisoryLocks = `pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND datname = current_database()`;

describe('an idempotency key', () => {
  it('gives the same bytes again, and has one effect', async () => {
    const { borrow } = lending();
    const first = await borrow('key-1');
    const again = await borrow('key-1');
    expect(first.status).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect([again.status, again.text, again.headers.location, again.headers['content-type']]).toEqual([
      first.status,
      first.text,
      first.headers.location,
      first.headers['content-type'],
    ]);
    expect(await loans()).toEqual(['Emma']);
  });

  it('is the same for the same JSON, however it is laid out', async () => {
    const { borrow } = lending();
    const first = await borrow('key-1', { book: 'Emma', days: 7 });
    const again = await borrow('key-1', { days: 7, book: 'Emma' });
    expect(again.text).toBe(first.text);
  });

  it.each([
    ['body', [{ book: 'Persuasion' }, {}, '/v1/loans']],
    ['query', [{ book: 'Emma' }, {}, '/v1/loans?branch=north']],
  ] as const)('with another %s is 422 and has no effect', async (_, [body, headers, path]) => {
    const { borrow } = lending();
    await borrow('key-1');
    const refused = await borrow('key-1', body, headers, path);
    expect(refused.status).toBe(422);
    expect(refused.body.code).toBe('platform.idempotency-key-reused');
    expect(await loans()).toEqual(['Emma']);
  });

  it('of somebody else is another key', async () => {
    const { borrow } = lending();
    const as = () => ({ authorization: `Bearer ${tokenFor(somebody())}` });
    const answers = [
      await borrow('key-1'),
      await borrow('key-1', { book: 'Emma' }, as()),
      await borrow('key-1', { book: 'Emma' }, as()),
    ];
    expect(new Set(answers.map(({ text }) => text)).size).toBe(3);
    expect(await loans()).toHaveLength(3);
  });

  it('of somebody without a token is another key in another network, whatever is under it', async () => {
    const { borrow } = lending();
    const from = (address: string, book = 'Emma') => borrow('key-1', { book }, { 'x-forwarded-for': address });
    const first = await from('192.0.2.1');
    const stranger = await from('198.51.100.7');
    expect([stranger.status, stranger.headers['idempotency-replayed']]).toEqual([201, undefined]);
    expect((await from('2001:db8:1:2::1', 'Persuasion')).status, 'not refused for what others sent').toBe(201);
    const [again, neighbour] = [await from('192.0.2.1'), await from('2001:db8:1:2::9', 'Persuasion')];
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
    expect(neighbour.headers['idempotency-replayed']).toBe('true');
    expect(await loans()).toEqual(['Emma', 'Emma', 'Persuasion']);
  });

  it('of somebody without a token is not in use while a stranger uses the same', async () => {
    const { handle, started, goOn } = held();
    onTestFinished(goOn);
    const { borrow } = lending({ handle: (book) => (book === 'Emma' ? handle(book) : lend(book)) });
    const first = borrow('key-1', { book: 'Emma' }, { 'x-forwarded-for': '192.0.2.1' }).then((answer) => answer);
    await started;
    expect((await borrow('key-1', { book: 'Persuasion' }, { 'x-forwarded-for': '198.51.100.7' })).status).toBe(201);
    goOn();
    expect((await first).status).toBe(201);
  });

  it('is refused empty or beyond 255 characters', async () => {
    const { borrow } = lending();
    expect((await borrow('k'.repeat(256))).status).toBe(400);
    expect((await borrow('k'.repeat(255))).status).toBe(201);
  });

  it('in use is 409, and free again afterwards', async () => {
    const { handle, started, goOn } = held();
    const { borrow } = lending({ handle });
    const first = borrow('key-1').then((answer) => answer);
    await started;
    const meanwhile = await borrow('key-1');
    expect(meanwhile.status).toBe(409);
    expect(meanwhile.body.code).toBe('platform.idempotency-key-in-use');
    expect(meanwhile.headers['retry-after']).toBe('1');
    goOn();
    const { text } = await first;
    expect((await borrow('key-1')).text).toBe(text);
    expect(await loans()).toEqual(['Emma']);
  });

  it('that is refused is counted, by reason', async () => {
    const { handle, started, goOn } = held();
    const { borrow, metrics } = lending({ handle });
    const first = borrow('key-1').then((answer) => answer);
    await started;
    await borrow('key-1');
    goOn();
    await first;
    await borrow('key-1');
    for (const book of ['Persuasion', 'Sanditon']) await borrow('key-1', { book });
    const counts = (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith('fissile_idempotency_key_conflicts_total{'));
    expect(counts).toEqual([
      'fissile_idempotency_key_conflicts_total{fissile_module="library",fissile_reason="in-use"} 1',
      'fissile_idempotency_key_conflicts_total{fissile_module="library",fissile_reason="reused"} 2',
    ]);
  });

  it('has one effect however many requests come at once, time after time', async () => {
    const { borrow } = lending();
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => borrow(`key-${round}`)));
      expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
      expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
      expect(await loans()).toHaveLength(round + 1);
    }
  });

  it('gives way to an answer that was stored between its look and its write', async () => {
    const winner = await lending().borrow('key-1');
    const { rows } = await library.sql(
      'DELETE FROM library.idempotency_keys RETURNING to_jsonb(idempotency_keys) AS row',
    );
    await library.sql('TRUNCATE library.loans');
    const { borrow } = lending({
      async handle(book) {
        await library.sql(
          'INSERT INTO library.idempotency_keys SELECT * FROM jsonb_populate_record(NULL::library.idempotency_keys, $1)',
          [rows[0].row],
        );
        return lend(book);
      },
    });
    const loser = await borrow('key-1');
    expect([loser.text, loser.headers['idempotency-replayed']]).toEqual([winner.text, 'true']);
    expect(await loans(), 'what it did is rolled back').toEqual([]);
  });

  it('replays to many at once without telling any of them that it is in use', async () => {
    const { borrow } = lending();
    await borrow('key-1');
    const answers = await Promise.all(Array.from({ length: 20 }, () => borrow('key-1')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  });

  it('whose holder died is free at once', async () => {
    const { handle, started, goOn } = held();
    const dying = lending({ handle })
      .borrow('key-1')
      .then((answer) => answer);
    await started;
    await library.sql(`SELECT pg_terminate_backend(pid, 5000) FROM ${advisoryLocks}`);
    const { borrow } = lending();
    const next = await borrow('key-1');
    expect(next.status).toBe(201);
    goOn();
    const late = await dying;
    expect(late.status, 'the dying one has no other answer').not.toBe(201);
    expect(await loans()).toEqual(['Emma']);
    expect((await borrow('key-1')).text).toBe(next.text);
  });
});

describe('the keeping of answers', () => {
  const age = (book: string, hours: number) =>
    library.sql(
      `UPDATE library.idempotency_keys SET created_at = now() - $2 * interval '1 hour' WHERE body::json ->> 'book' = $1`,
      [book, hours],
    );

  it('ends after 24 hours: then the key is new', async () => {
    const { borrow } = lending();
    await borrow('key-1');
    await age('Emma', 23.9);
    expect((await borrow('key-1')).headers['idempotency-replayed']).toBe('true');
    await age('Emma', 24.1);
    const anew = await borrow('key-1', { book: 'Persuasion' });
    expect(anew.status).toBe(201);
    expect(anew.headers).not.toHaveProperty('idempotency-replayed');
    expect((await borrow('key-1', { book: 'Persuasion' })).text).toBe(anew.text);
  });

  it('is cleaned up of what is older, and of nothing else', async () => {
    const { borrow } = lending();
    await Promise.all(['old-1', 'old-2', 'new'].map((book) => borrow(`key of ${book}`, { book })));
    await Promise.all([age('old-1', 25), age('old-2', 48)]);
    expect(await new IdempotencyKeys(library.database).prune()).toBe(2);
    const { rows } = await library.database.query("SELECT body::json ->> 'book' AS book FROM library.idempotency_keys");
    expect(rows).toEqual([{ book: 'new' }]);
  });

  it('S40 leaves neither the key nor the network, nor anything to try the request against', async () => {
    const sent = { book: 'Emma', days: 7 };
    const { borrow } = lending({ handle: async () => ({ status: 201, body: {} }) });
    const network = '192.0.2.1';
    await borrow('key-1', sent, { 'x-forwarded-for': network });
    await borrow('key-2', sent, { 'x-forwarded-for': network });
    const { rows } = await library.sql('SELECT * FROM library.idempotency_keys');
    const [first, second] = rows;
    expect(first.fingerprint).not.toBe(second.fingerprint);
    expect(JSON.stringify(rows)).not.toMatch(/key-1|key-2|Emma|192\.0/);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      for (const guess of [JSON.stringify(sent), `/v1/loans\n${JSON.stringify(sent)}`, 'key-1', network]) {
        expect(JSON.stringify(rows)).not.toContain(hash('sha256', guess, encoding));
      }
    }
  });

  it('costs two statements beside those of the handler', async () => {
    const { borrow } = lending();
    const statements = await statementsOf(library.database, (traceparent) =>
      borrow('key-1', { book: 'Emma' }, { traceparent }),
    );
    expect(statements, 'BEGIN, look, INSERT, keep, COMMIT').toHaveLength(5);
  });
});
