import type { Handler } from '#platform/contract.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Applications } from '../domain/applications.ts';
import { described } from './described-application.ts';

export function getApplication(applications: Applications): Handler<typeof AuthApi, 'getApplication'> {
  return async ({ applicationId }) => {
    const application = await applications.find(applicationId);
    if (!application) throw AuthErrors.applicationNotFound();
    return described(application);
  };
}
