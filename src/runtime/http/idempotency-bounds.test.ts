import { describe, expect, it } from 'vitest';
import { somebody, tokenFor } from '../../../tests/support/gateway.ts';
import { keysPerPerson } from './idempotency.ts';
import { lendingLibrary } from './testing/lending-library.ts';

const library = lendingLibrary();
const emma = { book: 'Emma' };

function setUp() {
  const { borrow } = library.lending();
  const person = somebody();
  const borrowAs = (who: typeof person, key: string) => borrow(key, emma, { authorization: `Bearer ${tokenFor(who)}` });
  /** As many answers as are kept of one caller, but `room`; the oldest expires in an hour. */
  const fill = (caller: string, room = 0) =>
    library.sql(
      `INSERT INTO library.idempotency_keys (scope, key, fingerprint, status, headers, body, created_at)
       SELECT $1, 'key ' || n, '', 201, '[]', '', now() - CASE n WHEN 1 THEN interval '23 hours' ELSE interval '0' END
       FROM generate_series(1, $2) n`,
      [`${caller} POST /v1/loans`, keysPerPerson - room],
    );
  return { borrow, borrowAs, person, fill };
}

describe('the idempotency keys of a person', () => {
  it('are bounded: new ones are refused until the oldest has expired, and those that were used still work', async () => {
    const { borrowAs, person, fill } = setUp();
    await fill(person.userId, 1);
    const last = await borrowAs(person, 'the last');
    expect(last.status).toBe(201);
    const refused = await borrowAs(person, 'one more');
    expect([refused.status, refused.body.code]).toEqual([429, 'platform.too-many-idempotency-keys']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3500);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3600);
    const again = await borrowAs(person, 'the last');
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([last.text, 'true']);
    expect(await library.loans()).toEqual(['Emma']);

    await library.sql(
      `UPDATE library.idempotency_keys SET created_at = created_at - interval '1 hour' WHERE key = 'key 1'`,
    );
    expect((await borrowAs(person, 'one more')).status).toBe(201);
  });

  it('leave everybody else theirs', async () => {
    const { borrowAs, person, fill } = setUp();
    await fill(person.userId);
    expect((await borrowAs(somebody(), 'key')).status).toBe(201);
  });

  it('are not counted where nobody has proved who they are: strangers cannot use them up for each other', async () => {
    const { borrow, fill } = setUp();
    await fill('anonymous');
    expect((await borrow('key')).status).toBe(201);
  });
});
