import { endpoint, fromPath, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { AuthApi } from '../contract.ts';

const applicationId = fromPath('applicationId');
const input = { applicationId };
const userId = fromToken('userId');

/** OAuth clients, and what people have allowed them. */
export const applicationEndpoints: Endpoint[] = [
  endpoint(AuthApi.registerApplication, 'POST /v1/auth/applications', {
    summary: 'Register an application',
    description:
      'It then may send people to log in and to be asked for their consent (OpenID Connect), or, as a machine, act as ' +
      'itself. The `secret` is told this once.',
    access: 'admin',
    recentLogin: true,
    body: (fields) => fields.extend(visibleLines(fields.pick({ name: true })).shape),
    status: 201,
    headers: ({ applicationId: id }) => ({ location: `/v1/auth/applications/${id}` }),
  }),
  endpoint(AuthApi.listApplications, 'GET /v1/auth/applications', {
    summary: 'List the applications',
    access: 'admin',
  }),
  endpoint(AuthApi.getApplication, 'GET /v1/auth/applications/{applicationId}', {
    summary: 'Read an application',
    access: 'admin',
    input,
  }),
  endpoint(AuthApi.replaceApplication, 'PUT /v1/auth/applications/{applicationId}', {
    summary: 'Replace what is said of an application',
    description: 'Disabling it ends all its access at once. Its kind stays, and so do its secrets.',
    access: 'admin',
    recentLogin: true,
    input,
    body: (fields) => fields.extend(visibleLines(fields.pick({ name: true })).shape),
  }),
  endpoint(AuthApi.removeApplication, 'DELETE /v1/auth/applications/{applicationId}', {
    summary: 'Remove an application',
    description: 'Ends all its access at once.',
    access: 'admin',
    recentLogin: true,
    input,
    status: 204,
  }),
  endpoint(AuthApi.renewApplicationSecret, 'POST /v1/auth/applications/{applicationId}/secrets', {
    summary: 'Give an application another secret',
    access: 'admin',
    recentLogin: true,
    input,
    status: 201,
  }),
  endpoint(AuthApi.listConsents, 'GET /v1/auth/consents', {
    summary: 'List what you have allowed which applications',
    access: 'user',
    input: { userId },
  }),
  endpoint(AuthApi.revokeConsent, 'DELETE /v1/auth/consents/{applicationId}', {
    summary: 'Take back what you have allowed an application',
    description: 'Ends all its access to your account at once.',
    access: 'user',
    input: { userId, applicationId },
    status: 204,
  }),
];
