/**
 * Our requests against Stripe's own description of its API: stripe-mock refuses what the real one would not
 * understand. It keeps no state, so what follows from the answers is tested elsewhere.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { v4 } from 'uuid';
import { backgroundContext } from '#platform/context.ts';
import { freePort } from '../../../tests/support/running-program.ts';
import { euros, noon } from '../testing/payments.ts';
import type { Payment } from '../domain/payment.ts';
import { stripeProvider } from './stripe.ts';

const installed = spawnSync('stripe-mock', ['-version'], { timeout: 10_000 }).error === undefined;
if (!installed) {
  const skipped =
    'Requests to Stripe were not held against its API: stripe-mock is not on the path (go install github.com/stripe/stripe-mock@latest).';
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(skipped);
  console.warn(skipped);
}

describe.skipIf(!installed)("Stripe's API", () => {
  let mock: ChildProcess;
  let apiBase: string;
  beforeAll(async () => {
    const port = await freePort();
    apiBase = `http://127.0.0.1:${port}`;
    mock = spawn('stripe-mock', ['-http-port', String(port)], { stdio: 'ignore' });
    for (let tries = 0; tries < 600; tries++) {
      if (
        await fetch(apiBase).then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(100);
    }
    throw new Error('stripe-mock does not answer.');
  });
  afterAll(() => void mock.kill());

  const provider = () => stripeProvider({ apiKey: 'sk_test_123', apiBase, webhookSecret: undefined, timeout: 5000 });
  const patience = () => backgroundContext('test', 10_000);
  const payment = (fields: Partial<Payment> = {}): Payment => ({
    id: v4(),
    orderId: v4(),
    customerId: null,
    state: 'authorized',
    amount: euros(5000),
    captured: 0,
    refunded: 0,
    provider: 'stripe',
    reference: 'pi_1',
    decline: null,
    createdAt: noon,
    ...fields,
  });
  /** A request that is not understood is a definite no; everything else comes down to the state that is not kept. */
  const understood = async (request: Promise<unknown>) => {
    const outcome = await request.catch(
      (error: Error & { cause?: Error }) => `${error.message} ${error.cause?.message ?? ''}`,
    );
    expect(JSON.stringify(outcome)).not.toMatch(/validation|unrecognized|not allowed|failed|StripeError|declined/i);
    return outcome;
  };

  it('understands an authorization', async () => {
    const request = { paymentId: v4(), orderId: v4(), customerId: v4(), amount: euros(5000), token: 'pm_card_visa' };
    expect(await understood(provider().authorize(request, patience()))).toMatch(/payment is/);
  });

  it('understands a capture', async () => {
    expect(await understood(provider().capture(payment(), patience()))).toBe('captured');
  });

  it('understands a void, by reference and by payment', async () => {
    expect(await understood(provider().void(payment(), patience()))).toBe('voided');
    expect(await understood(provider().void(payment({ reference: null }), patience()))).toBe('voided');
  });

  it('understands a refund', async () => {
    const request = { refundId: v4(), payment: payment({ captured: 5000, state: 'captured' }), amount: 1200 };
    expect(await understood(provider().refund(request, patience()))).toMatchObject({
      status: 'succeeded',
      reference: expect.stringMatching(/^re_/),
    });
  });
});
