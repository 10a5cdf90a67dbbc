import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { euros } from '../testing/payments.ts';
import { sandboxProvider } from './sandbox.ts';

const sandbox = sandboxProvider({ webhookSecret: undefined, timeout: 5000 });
const authorize = (token: string, { paymentId = randomUUID() as string, timeout = 10_000, provider = sandbox } = {}) =>
  provider.authorize(
    { paymentId, orderId: randomUUID(), customerId: randomUUID(), amount: euros(5000), token },
    backgroundContext('test', timeout),
  );

describe('in the sandbox', () => {
  it('tok_visa pays, and gives the same answer again', async () => {
    const paymentId = randomUUID();
    const answer = await authorize('tok_visa', { paymentId });
    expect(answer).toEqual({ outcome: 'authorized', reference: `sandbox_${paymentId}` });
    expect(
      await authorize('tok_visa', {
        paymentId,
        provider: sandboxProvider({ webhookSecret: undefined, timeout: 5000 }),
      }),
    ).toEqual(answer);
  });

  it.each([
    ['tok_declined', 'payments.declined'],
    ['tok_insufficient_funds', 'payments.insufficient-funds'],
    ['tok_unheard_of', 'payments.invalid-token'],
    ['', 'payments.invalid-token'],
  ])('"%s" is declined with %s', async (token, code) => {
    expect(await authorize(token)).toMatchObject({
      outcome: 'declined',
      decline: { code, message: expect.stringMatching(/.+/) },
    });
  });

  it('tok_flaky fails twice for each payment, and then works', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    for (const paymentId of [one, other, one, other]) {
      await expect(authorize('tok_flaky', { paymentId })).rejects.toMatchObject({
        code: 'payments.provider-unavailable',
      });
    }
    expect(await authorize('tok_flaky', { paymentId: one })).toMatchObject({ outcome: 'authorized' });
    expect(await authorize('tok_flaky', { paymentId: other })).toMatchObject({ outcome: 'authorized' });
    expect(await authorize('tok_flaky', { paymentId: one })).toMatchObject({ outcome: 'authorized' });
  });

  it('tok_slow takes three seconds', async () => {
    const started = Date.now();
    expect(await authorize('tok_slow')).toMatchObject({ outcome: 'authorized' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(2990);
  });

  it('tok_timeout never answers while its caller has patience', async () => {
    await expect(authorize('tok_timeout', { timeout: 50 })).rejects.toMatchObject({
      code: 'payments.provider-unavailable',
    });
    const impatient = sandboxProvider({ webhookSecret: undefined, timeout: 50 });
    await expect(authorize('tok_timeout', { provider: impatient })).rejects.toMatchObject({
      code: 'payments.provider-unavailable',
    });
    const waiting = Symbol('waiting');
    const patient = authorize('tok_timeout', { timeout: 1000 }).catch(() => 'gave up');
    expect(await Promise.race([patient, new Promise((resolve) => setTimeout(resolve, 300, waiting))])).toBe(waiting);
    expect(await patient).toBe('gave up');
  });
});
