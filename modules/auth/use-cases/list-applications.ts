import type { Handler } from '#platform/contract.ts';
import { pageOf } from '#platform/pages.ts';
import type { AuthApi } from '../contract.ts';
import type { Applications } from '../domain/applications.ts';
import { described } from './described-application.ts';

export function listApplications(applications: Applications): Handler<typeof AuthApi, 'listApplications'> {
  return async ({ cursor, limit }) => {
    const found = await applications.list({ after: cursor, limit: limit + 1 });
    return pageOf(limit, found.map(described), ({ applicationId }) => applicationId);
  };
}
