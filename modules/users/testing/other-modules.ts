/** The operations of other modules that users calls, answered from memory. */
import type { InputOf, OutputOf } from '#platform/contract.ts';
import { AuthErrors, type AuthApi } from '../../auth/contract.ts';
import type { OrdersApi } from '../../orders/contract.ts';
import type { PaymentsApi } from '../../payments/contract.ts';
import type { Registration } from '../domain/profile.ts';

type Account = OutputOf<(typeof AuthApi)['exportPersonalData']>;
type Order = OutputOf<(typeof OrdersApi)['getOrder']>;
type Payment = OutputOf<(typeof PaymentsApi)['getPayment']>;

export const staleSession = '0190a5a0-0000-7000-8000-00000000000f';
export const rightPassword = 'correct horse battery staple';

export function authKnowing(...registrations: Registration[]) {
  const accounts = new Map(registrations.map((registration) => [registration.userId, registration]));
  return {
    accounts,
    async getRegistration({ userId }: { userId: string }): Promise<Registration> {
      const registration = accounts.get(userId);
      if (!registration) throw AuthErrors.accountNotFound();
      return registration;
    },
    /** As if every session but `staleSession` had just begun. */
    async allowErasure({ sessionId, password }: InputOf<(typeof AuthApi)['allowErasure']>) {
      if (password === undefined && sessionId === staleSession) throw AuthErrors.confirmationRequired();
      if (password !== undefined && password !== rightPassword) throw AuthErrors.wrongCredentials();
      return {};
    },
    async exportPersonalData({ userId }: { userId: string }): Promise<Account> {
      const account = accounts.get(userId);
      if (!account) return { roles: [], sessions: [] };
      return { email: account.email, roles: ['customer'], registeredAt: account.registeredAt, sessions: [] };
    },
  };
}

interface Asked {
  readonly userId: string;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

function page<Item extends { readonly id: string }>(all: readonly Item[] = [], { cursor, limit = 1_000 }: Asked) {
  const start = all.findIndex(({ id }) => id === cursor) + 1;
  const data = all.slice(start, start + limit);
  return { data, nextCursor: start + limit < all.length ? data.at(-1)!.id : null };
}

export const ordersOf = (orders: Record<string, Order[]>) => ({
  async exportPersonalData(asked: Asked): Promise<OutputOf<(typeof OrdersApi)['exportPersonalData']>> {
    const { data, nextCursor } = page(orders[asked.userId], asked);
    return { orders: data, nextCursor };
  },
});

export const paymentsOf = (payments: Record<string, Payment[]>) => ({
  async exportPersonalData(asked: Asked): Promise<OutputOf<(typeof PaymentsApi)['exportPersonalData']>> {
    const { data, nextCursor } = page(payments[asked.userId], asked);
    return { payments: data, nextCursor };
  },
});

export const anOrderOf = (customerId: string): Order => ({
  id: '0190a5a0-0000-7000-8000-00000000000a',
  customerId,
  status: 'paid',
  items: [{ sku: 'mug-blue', name: 'Blue mug', quantity: 1, unitPrice: { amount: 1200, currency: 'EUR' } }],
  total: { amount: 1200, currency: 'EUR' },
  cancellation: null,
  history: [{ status: 'pending', at: '2030-01-01T11:30:00.000Z' }],
  version: 2,
  placedAt: '2030-01-01T11:30:00.000Z',
});

export const aPaymentOf = (customerId: string): Payment => ({
  id: '0190a5a0-0000-7000-8000-00000000000b',
  orderId: '0190a5a0-0000-7000-8000-00000000000a',
  customerId,
  status: 'captured',
  amount: { amount: 1200, currency: 'EUR' },
  captured: 1200,
  refunded: 0,
  provider: 'sandbox',
  decline: null,
  refunds: [],
  createdAt: '2030-01-01T11:30:00.000Z',
});
