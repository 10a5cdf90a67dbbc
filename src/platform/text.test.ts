import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { visibleLines } from './text.ts';
import { gateway, LibraryApi } from '../../tests/support/gateway.ts';

const Reader = z.object({
  name: z.string().min(1),
  nickname: z.string().nullable().optional(),
  age: z.int().optional(),
});
const register = endpoint(LibraryApi, 'POST /v1/readers', {
  summary: 'Register',
  access: 'anyone',
  body: visibleLines(Reader),
  answers: { status: 201, body: Reader },
  handle: async ({ body }) => ({ status: 201, body }),
});
const send = (body: object) => gateway([register]).http.post('/v1/readers').send(body);

describe('a name', () => {
  it.each(['Ada', 'عائشة', 'שרה לוי', '李小龍', "Renée O'Neill-Smith", '👩‍🚀'])('may be %s', async (name) => {
    expect((await send({ name, nickname: null, age: 3 })).body).toEqual({ name, nickname: null, age: 3 });
  });

  it.each(['\u202e', '\u2066', '\u2069', '\u200f', '\u061c', '\u2028', '\n', '\u0085'])(
    'may not hold %j',
    async (control) => {
      for (const field of ['name', 'nickname']) {
        const { status, body } = await send({ name: 'Ada', [field]: `Ad${control}a` });
        expect(status).toBe(400);
        expect(body.errors).toEqual([
          {
            path: `/${field}`,
            message: 'Control characters are not allowed, nor those that turn the direction of text.',
          },
        ]);
      }
    },
  );
});
