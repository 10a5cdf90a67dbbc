import { describe, expect, it } from 'vitest';
import { platformErrors } from '#platform/errors.ts';
import { UsersApi } from '../contract.ts';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { anOrderOf, aPaymentOf, authKnowing, ordersOf, paymentsOf } from '../testing/other-modules.ts';
import { anAddress, anyContext, aRegistration, noon } from '../testing/people.ts';
import { exportPersonalData } from './export-personal-data.ts';

function setUp() {
  const registration = aRegistration();
  const { userId } = registration;
  const { profiles, addresses, people } = inMemoryPeople();
  const auth = authKnowing(registration);
  const [order, payment] = [anOrderOf(userId), aPaymentOf(userId)];
  const orders = ordersOf({ [userId]: [order] });
  const payments = paymentsOf({ [userId]: [payment] });
  const clock = { now: () => noon };
  return {
    registration,
    userId,
    addresses,
    people,
    auth,
    order,
    payment,
    orders,
    exportData: () =>
      exportPersonalData(
        profiles,
        addresses,
        auth.getRegistration,
        auth.exportPersonalData,
        orders.exportPersonalData,
        payments.exportPersonalData,
        clock,
      )({ userId }, anyContext),
  };
}

describe('the export of all that is stored about a person', () => {
  it('holds what every module stores, also right after registering', async () => {
    const { registration, userId, addresses, order, payment, exportData } = setUp();
    const address = anAddress();
    await addresses.add(userId, address, 50);
    const exported = await exportData();
    expect(exported).toMatchObject({
      exportedAt: noon.toISOString(),
      profile: { email: registration.email, name: registration.name },
      addresses: [address],
      account: { email: registration.email, roles: ['customer'] },
      orders: [order],
      payments: [payment],
    });
    expect(UsersApi.exportPersonalData.output.parse(exported)).toEqual(exported);
  });

  it('shows an erased person that nothing is left here', async () => {
    const { userId, people, exportData } = setUp();
    await people.erase(userId, noon, () => {});
    expect(await exportData()).toMatchObject({ profile: null, addresses: [] });
  });

  it('fails rather than to leave out what cannot be reached', async () => {
    const { orders, auth, exportData } = setUp();
    const down = () => Promise.reject(platformErrors.unavailable());
    orders.exportPersonalData = down;
    await expect(exportData()).rejects.toMatchObject({ kind: 'unavailable' });
    auth.getRegistration = down;
    await expect(exportData()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
