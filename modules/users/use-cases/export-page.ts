import type { Call, Handler, OutputOf } from '#platform/contract.ts';
import type { AuthApi } from '../../auth/contract.ts';
import type { OrdersApi } from '../../orders/contract.ts';
import type { PaymentsApi } from '../../payments/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import type { ExportPart, Exports } from '../domain/exports.ts';

const limit = 100;

type Page = OutputOf<typeof UsersApi.exportPage>;
interface Place {
  readonly userId: string;
  readonly cursor: string | undefined;
  readonly limit: number;
}

export function exportPage(
  exports: Exports,
  accountOf: Call<typeof AuthApi.exportPersonalData>,
  ordersOf: Call<typeof OrdersApi.exportPersonalData>,
  paymentsOf: Call<typeof PaymentsApi.exportPersonalData>,
): Handler<typeof UsersApi, 'exportPage'> {
  const none = { sessions: [], orders: [], payments: [] };
  // A process of the release before gives all at once, and no cursor.
  const pages: Readonly<Record<ExportPart, (place: Place) => Promise<Page>>> = {
    async sessions(place) {
      const { sessions, nextCursor = null } = await accountOf(place);
      return { ...none, sessions, nextCursor };
    },
    async orders(place) {
      const { orders, nextCursor = null } = await ordersOf(place);
      return { ...none, orders, nextCursor };
    },
    async payments(place) {
      const { payments, nextCursor = null } = await paymentsOf(place);
      return { ...none, payments, nextCursor };
    },
  };
  return async ({ userId, exportId, part, cursor }) => {
    if (!(await exports.goOn(userId, exportId))) throw UsersErrors.exportEnded();
    return pages[part]({ userId, cursor, limit });
  };
}
