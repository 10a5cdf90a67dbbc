import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../../tests/support/gateway.ts';
import { type Notebook, notebook } from '../../../tests/support/notebook.ts';
import { ask, type RawAnswer, serve } from '../../../tests/support/served-gateway.ts';

const Loan = z.object({ id: z.int(), state: z.string() });

/** Lends, and confirms a moment later to those who wait. */
const lending = ({ insert }: Notebook) =>
  endpoint(LibraryApi, 'POST /v1/loans', {
    summary: 'Borrow',
    access: 'anyone',
    idempotent: true,
    body: z.object({ id: z.int() }),
    answers: { status: 201, body: Loan },
    async handle({ body }) {
      await insert(body.id);
      return { status: 201, headers: { Location: `/v1/loans/${body.id}` }, body: { id: body.id, state: 'asked' } };
    },
    settle: async (_, __, { body }) => ({ status: 201, body: { id: body!.id, state: 'confirmed' } }),
  });

const notes = notebook();
let here: string;
let apart: string;

beforeEach(async () => {
  const endpoints = [lending(notes)];
  const { database } = notes.test;
  const [module, together] = [await serve(endpoints, { database }), await serve(endpoints, { database })];
  const upstreams = [{ name: 'library', endpoints, origins: [module.url], certificates: undefined }];
  here = together.url;
  apart = (await serve([], { upstreams })).url;
});

const borrow = (url: string, key: string, id: number, prefer?: string) =>
  ask(`${url}/v1/loans`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
      'X-Request-Id': 'seven',
      ...(prefer && { Prefer: prefer }),
    },
    body: JSON.stringify({ id }),
  });

/** Drops headers that differ from one request to the next anyway, and the number that the test chose. */
const tidy = ({ headers, text, ...answer }: RawAnswer, id: number) => ({
  ...answer,
  text: text.replaceAll(String(id), 'N'),
  headers: headers.map(([name, value]) => [
    name,
    name === 'Date' || name === 'traceparent' ? '' : value.replace(`/${id}`, '/N'),
  ]),
});

describe('an idempotency key', () => {
  it('belongs to the module: through the gateway it is answered as without one, and the answer again', async () => {
    for (const prefer of [undefined, 'wait=5']) {
      const [one, other] = prefer ? [1, 2] : [3, 4];
      const first = [
        await borrow(apart, `a${one}`, one, prefer),
        await borrow(here, `b${other}`, other, prefer),
      ] as const;
      expect(tidy(first[0], one)).toEqual(tidy(first[1], other));
      const again = [
        await borrow(apart, `a${one}`, one, prefer),
        await borrow(here, `b${other}`, other, prefer),
      ] as const;
      expect(tidy(again[0], one)).toEqual(tidy(again[1], other));
      expect(again[0].headers).toContainEqual(['Idempotency-Replayed', 'true']);
      if (prefer) expect(first[0].headers).toContainEqual(['Preference-Applied', 'wait=5']);
    }
    expect(await notes.stored()).toEqual([1, 2, 3, 4]);
  });

  it('that is used for another request is refused, through the gateway too', async () => {
    expect((await borrow(apart, 'seven', 1)).status).toBe(201);
    expect((await borrow(apart, 'seven', 2)).status).toBe(422);
    expect(await notes.stored()).toEqual([1]);
  });
});
