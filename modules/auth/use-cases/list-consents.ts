import type { Handler } from '#platform/contract.ts';
import type { AuthApi } from '../contract.ts';
import type { Consents } from '../domain/consents.ts';

export function listConsents(consents: Consents): Handler<typeof AuthApi, 'listConsents'> {
  return async ({ userId }) => ({
    data: (await consents.list(userId)).map(({ applicationId, name, scopes, givenAt }) => ({
      applicationId,
      name,
      scopes: [...scopes],
      givenAt: givenAt.toISOString(),
    })),
  });
}
