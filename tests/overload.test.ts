import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestProgram, type TestProgram } from './support/program.ts';

let program: TestProgram;
beforeAll(
  async () =>
    void (program = await startTestProgram({
      environment: { RATE_LIMIT_PER_MINUTE: '0', ADMIN_PASSWORD: 'correct horse battery staple' },
    })),
);
afterAll(() => program.stop());

describe('1,500 requests at once', () => {
  it('are answered or refused with a time of their own to come back, and probes are answered meanwhile', async () => {
    const all = Array.from({ length: 1_500 }, async () => {
      const answer = await fetch(`${program.url}/v1/products?limit=100`);
      return {
        status: answer.status,
        retryAfter: answer.headers.get('retry-after'),
        body: (await answer.json()) as object,
      };
    });
    await Promise.race(all);
    expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
    const answers = await Promise.all(all);
    const [taken, refused] = [
      answers.filter(({ status }) => status === 200),
      answers.filter(({ status }) => status === 503),
    ];
    expect(taken.length + refused.length).toBe(1_500);
    expect(taken.length).toBeGreaterThan(300);
    for (const { retryAfter, body } of refused) {
      expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
      expect(body).toMatchObject({ code: 'platform.unavailable', status: 503 });
    }
    if (refused.length > 200)
      expect(new Set(refused.map(({ retryAfter }) => retryAfter)).size, 'not all at the same time').toBeGreaterThan(1);
    await expect.poll(async () => (await fetch(`${program.url}/v1/products`)).status).toBe(200);
  });
});
