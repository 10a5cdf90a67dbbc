import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from './support/postgres.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';

let program: TestProgram;
let client: pg.Client;
beforeAll(async () => {
  program = await startTestProgram();
  client = await connect(new URL(program.databaseUrl).pathname.slice(1));
});
afterAll(async () => {
  await client.end();
  await program.stop();
});

/** The tables with a row that says `name`. */
async function tablesThatSay(name: string): Promise<string[]> {
  const { rows: tables } = await client.query<{ table: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS "table" FROM pg_tables WHERE schemaname = ANY ($1) ORDER BY 1`,
    [[...program.modules.keys()]],
  );
  const found: string[] = [];
  for (const { table } of tables) {
    const { rowCount } = await client.query(
      `SELECT FROM ${table} AS stored WHERE strpos(stored::text, $1) > 0 LIMIT 1`,
      [name],
    );
    if (rowCount) found.push(table);
  }
  return found;
}

/** Somebody with an account, a profile, and an address that was added under an idempotency key. */
async function person(name: string) {
  const credentials = { email: `${name}@example.com`, password: 'correct horse battery staple' };
  await supertest(program.url)
    .post('/v1/auth/register')
    .send({ ...credentials, name })
    .expect(201);
  const { body } = await supertest(program.url).post('/v1/auth/login').send(credentials).expect(200);
  const headers = { authorization: `Bearer ${body.accessToken}`, 'idempotency-key': randomUUID() };
  const address = { recipient: name, line1: '1 Any Street', city: 'Anytown', postalCode: '12345', country: 'DE' };
  await supertest(program.url).post('/v1/users/me/addresses').set(headers).send(address).expect(201);
  return { erase: () => supertest(program.url).delete('/v1/users/me').set(headers).expect(204) };
}

describe('a person who is erased', () => {
  it('is named in no table any more, and everybody else still is', async () => {
    const [ada, grace] = ['ada-lovelace', 'grace-hopper'] as const;
    const { erase } = await person(ada);
    await person(grace);
    const published = async () =>
      (await client.query('SELECT FROM auth.outbox WHERE published_at IS NOT NULL')).rowCount;
    // The administrator has registered too.
    await expect.poll(published).toBe(3);
    const everywhere = [
      'auth.accounts',
      'auth.email_codes',
      'auth.mails',
      'auth.outbox',
      'users.addresses',
      'users.idempotency_keys',
      'users.profiles',
    ];
    expect(await tablesThatSay(ada)).toEqual(everywhere);
    await erase();
    await expect.poll(() => tablesThatSay(ada)).toEqual([]);
    expect(await tablesThatSay(grace)).toEqual(everywhere);
  });
});

describe('administrators', () => {
  it('S38 who erase themselves at the same time leave one behind', async () => {
    const several = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => {
        const credentials = { email: `${name}@example.com`, password: 'correct horse battery staple' };
        const { body } = await supertest(program.url)
          .post('/v1/auth/register')
          .send({ ...credentials, name })
          .expect(201);
        await client.query(`UPDATE auth.accounts SET roles = '{customer,admin}' WHERE id = $1`, [body.userId]);
        const { body: tokens } = await supertest(program.url).post('/v1/auth/login').send(credentials).expect(200);
        return () => supertest(program.url).delete('/v1/users/me').set('authorization', `Bearer ${tokens.accessToken}`);
      }),
    );
    const { rows: first } = await client.query(
      `UPDATE auth.accounts SET roles = '{customer}' WHERE email = 'admin@example.com' RETURNING id`,
    );
    try {
      const answers = await Promise.all(several.map((erase) => erase()));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 204, 409]);
      expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({ code: 'auth.last-administrator' });
      const left = async () =>
        (await client.query(`SELECT email FROM auth.accounts WHERE 'admin' = ANY (roles)`)).rowCount;
      await expect.poll(left).toBe(1);
    } finally {
      await client.query(`UPDATE auth.accounts SET roles = '{admin}' WHERE id = $1`, [first[0].id]);
    }
  });
});
