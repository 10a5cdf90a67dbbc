import { describe, expect, it } from 'vitest';
import { configuredProviders } from './providers/configured-providers.ts';
import { PaymentsSettings } from './settings.ts';

const complaint = (environment: Record<string, string>) => PaymentsSettings.safeParse(environment).error?.issues[0];
const providers = (environment: Record<string, string>) => configuredProviders(PaymentsSettings.parse(environment));

describe('the payment provider', () => {
  it('is the sandbox where nothing is said', () => {
    expect(providers({}).active.name).toBe('sandbox');
  });

  it('is not the sandbox in production, unless it is asked for by name', () => {
    expect(complaint({ NODE_ENV: 'production' })).toMatchObject({
      path: ['PAYMENT_PROVIDER'],
      message: expect.stringMatching(/production/),
    });
    expect(providers({ NODE_ENV: 'production', PAYMENT_PROVIDER: 'sandbox' }).active.name).toBe('sandbox');
  });

  it('is Stripe where that is asked for, which needs its key', () => {
    expect(complaint({ PAYMENT_PROVIDER: 'stripe' })).toMatchObject({ path: ['STRIPE_API_KEY'] });
    const stripe = providers({ PAYMENT_PROVIDER: 'stripe', STRIPE_API_KEY: 'sk_test_1' });
    expect(stripe.active.name).toBe('stripe');
    expect(stripe.find('sandbox'), 'real money is not played with').toBeUndefined();
  });

  it('is found for what was paid before another one took over', () => {
    const { active, find } = providers({ PAYMENT_PROVIDER: 'sandbox', STRIPE_API_KEY: 'sk_test_1' });
    expect(active.name).toBe('sandbox');
    expect(find('stripe')?.name).toBe('stripe');
  });

  it.each([
    ['PAYMENT_PROVIDER', 'paypal'],
    ['PAYMENT_TIMEOUT', 'soon'],
    ['SANDBOX_WEBHOOK_SECRET', 'short'],
    ['STRIPE_API_BASE', 'stripe'],
  ])('is refused with %s=%s', (name, value) => {
    expect(complaint({ [name]: value })?.path).toEqual([name]);
  });
});
