import type { Handler } from '#platform/contract.ts';
import type { UsersApi } from '../contract.ts';
import type { Addresses } from '../domain/addresses.ts';

export function listAddresses(addresses: Addresses): Handler<typeof UsersApi, 'listAddresses'> {
  return async ({ userId }) => ({ addresses: await addresses.list(userId) });
}
