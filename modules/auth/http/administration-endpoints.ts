import { endpoint, fromPath, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { AuthApi } from '../contract.ts';

/** The account in question. */
const userId = fromPath('userId');
/** An act on the account of somebody else: a stolen token must not be enough. */
const act = { access: 'admin', recentLogin: true } as const;

export const administrationEndpoints: Endpoint[] = [
  endpoint(AuthApi.searchAccounts, 'GET /v1/auth/accounts', {
    summary: 'Search accounts, the newest first',
    access: { role: 'support' },
    scope: 'accounts:read',
  }),

  endpoint(AuthApi.getAccount, 'GET /v1/auth/accounts/{userId}', {
    summary: 'An account, with its sessions and second factors',
    description: 'Its last logins are in the audit log: `GET /v1/auth/audit?target={userId}&act=auth.log-in`.',
    access: { role: 'support' },
    scope: 'accounts:read',
    input: { userId },
  }),

  endpoint(AuthApi.disableAccount, 'POST /v1/auth/accounts/{userId}/disable', {
    ...act,
    summary: 'Disable an account',
    description: 'Ends all its sessions at once.',
    input: { userId, by: fromToken('userId') },
    status: 204,
  }),

  endpoint(AuthApi.enableAccount, 'POST /v1/auth/accounts/{userId}/enable', {
    ...act,
    summary: 'Enable a disabled account',
    input: { userId },
    status: 204,
  }),

  endpoint(AuthApi.changeRoles, 'POST /v1/auth/accounts/{userId}/roles', {
    ...act,
    summary: 'Grant and take roles',
    description:
      '`support` reads accounts, orders and payments and refunds, `catalogue` changes products, `admin` may do everything. Everybody is at least a `customer`.',
    input: { userId },
  }),

  endpoint(AuthApi.endSessionsOf, 'POST /v1/auth/accounts/{userId}/end-sessions', {
    ...act,
    summary: 'End all sessions of an account',
    input: { userId },
    status: 204,
  }),

  endpoint(AuthApi.requireNewPassword, 'POST /v1/auth/accounts/{userId}/require-new-password', {
    ...act,
    summary: 'Have the next login bring a new password',
    description: 'Ends all sessions of the account at once.',
    input: { userId },
    status: 204,
  }),

  endpoint(AuthApi.removeFactors, 'POST /v1/auth/accounts/{userId}/remove-factors', {
    ...act,
    summary: 'Remove the second factors of an account',
    description: 'For a person who lost them, after you made sure by other means who they are.',
    input: { userId },
    status: 204,
  }),
];
