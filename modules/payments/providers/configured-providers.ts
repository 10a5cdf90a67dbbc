import type { PaymentProvider, PaymentProviders } from '../domain/payment-provider.ts';
import type { PaymentsSettings } from '../settings.ts';
import { defaultLimits, withinBulkhead } from './bulkhead.ts';
import { sandboxProvider } from './sandbox.ts';
import { stripeProvider } from './stripe.ts';

/** The sandbox is there only where it is the active one: nobody may void or refund real money in a game. */
export function configuredProviders(settings: PaymentsSettings): PaymentProviders {
  const timeout = settings.PAYMENT_TIMEOUT * 1000;
  const stripe =
    settings.STRIPE_API_KEY === undefined
      ? undefined
      : stripeProvider({
          apiKey: settings.STRIPE_API_KEY,
          apiBase: settings.STRIPE_API_BASE,
          webhookSecret: settings.STRIPE_WEBHOOK_SECRET,
          timeout,
        });
  const active: PaymentProvider =
    settings.PAYMENT_PROVIDER === 'stripe' && stripe
      ? stripe
      : sandboxProvider({ webhookSecret: settings.SANDBOX_WEBHOOK_SECRET, timeout });
  const all = [active, ...(stripe && stripe !== active ? [stripe] : [])].map((provider) =>
    withinBulkhead(provider, defaultLimits),
  );
  return { active: all[0]!, find: (name) => all.find((provider) => provider.name === name) };
}
