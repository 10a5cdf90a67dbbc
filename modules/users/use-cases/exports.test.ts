import { describe, expect, it } from 'vitest';
import { platformErrors } from '#platform/errors.ts';
import type { ExportPart } from '../domain/exports.ts';
import { InMemoryExports } from '../testing/in-memory-exports.ts';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { anOrderOf, aPaymentOf, authKnowing, ordersOf, paymentsOf } from '../testing/other-modules.ts';
import { anAddress, anyContext, aRegistration, noon } from '../testing/people.ts';
import { beginExport } from './begin-export.ts';
import { endExport } from './end-export.ts';
import { exportPage } from './export-page.ts';

function setUp({ orderCount = 1 } = {}) {
  const registration = aRegistration();
  const { userId } = registration;
  const { profiles, addresses, people } = inMemoryPeople();
  const auth = authKnowing(registration);
  const payment = aPaymentOf(userId);
  const placed = Array.from({ length: orderCount }, (_, index) => ({
    ...anOrderOf(userId),
    id: `0190a5a0-0000-7000-8000-${String(index).padStart(12, '0')}`,
  }));
  const orders = ordersOf({ [userId]: placed });
  const payments = paymentsOf({ [userId]: [payment] });
  const exports = new InMemoryExports();
  const clock = { now: () => noon };
  const begin = () =>
    beginExport(
      exports,
      profiles,
      addresses,
      auth.getRegistration,
      auth.exportPersonalData,
      clock,
    )({ userId }, anyContext);
  const page = (exportId: string, part: ExportPart, cursor?: string) =>
    exportPage(
      exports,
      auth.exportPersonalData,
      orders.exportPersonalData,
      payments.exportPersonalData,
    )({ userId, exportId, part, cursor }, anyContext);
  const end = (exportId: string) => endExport(exports)({ userId, exportId }, anyContext);
  return { registration, userId, addresses, people, auth, placed, payment, orders, exports, begin, page, end };
}

describe('the export of all that is stored about a person', () => {
  it('begins with what is short, also right after registering', async () => {
    const { registration, userId, addresses, begin } = setUp();
    const address = anAddress();
    await addresses.add(userId, address, 50);
    expect(await begin()).toMatchObject({
      exportedAt: noon.toISOString(),
      profile: { email: registration.email, name: registration.name },
      addresses: [address],
      account: { email: registration.email, roles: ['customer'] },
    });
  });

  it('goes on with what may be long, by pages that lose nothing', async () => {
    const { placed, payment, begin, page } = setUp({ orderCount: 250 });
    const { exportId } = await begin();
    const read: string[] = [];
    let cursor: string | null | undefined;
    do {
      const { orders, nextCursor } = await page(exportId, 'orders', cursor ?? undefined);
      expect(orders.length).toBeLessThanOrEqual(100);
      read.push(...orders.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(read).toEqual(placed.map(({ id }) => id));
    expect(await page(exportId, 'payments')).toMatchObject({ orders: [], payments: [payment], nextCursor: null });
    expect(await page(exportId, 'sessions')).toMatchObject({ sessions: [], nextCursor: null });
  });

  it('takes all at once for the last page, as modules of the release before give it', async () => {
    const { placed, orders, begin, page } = setUp({ orderCount: 150 });
    orders.exportPersonalData = async () => ({ orders: placed });
    const { exportId } = await begin();
    expect(await page(exportId, 'orders')).toMatchObject({ orders: placed, nextCursor: null });
  });

  it('is one at a time, and says when to try again', async () => {
    const { begin, page, end } = setUp();
    const { exportId } = await begin();
    await expect(begin()).rejects.toMatchObject({ code: 'users.export-under-way', kind: 'too-many', retryAfter: 60 });
    await end(exportId);
    await expect(page(exportId, 'orders')).rejects.toMatchObject({ code: 'users.export-ended' });
    await expect(begin()).resolves.toBeDefined();
  });

  it('shows an erased person that nothing is left here', async () => {
    const { userId, people, begin } = setUp();
    await people.erase(userId, noon);
    expect(await begin()).toMatchObject({ profile: null, addresses: [] });
  });

  it('fails rather than to leave out what cannot be reached, and can be begun again then', async () => {
    const { orders, auth, begin, page, end } = setUp();
    const { getRegistration } = auth;
    const down = () => Promise.reject(platformErrors.unavailable());
    auth.getRegistration = down;
    await expect(begin()).rejects.toMatchObject({ kind: 'unavailable' });
    auth.getRegistration = getRegistration;
    const { exportId } = await begin();
    orders.exportPersonalData = down;
    await expect(page(exportId, 'orders')).rejects.toMatchObject({ kind: 'unavailable' });
    await end(exportId);
  });
});
