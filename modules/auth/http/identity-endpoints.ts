import { endpoint, fromPath, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { AuthApi } from '../contract.ts';

/** A person's accounts at other providers. Connecting one is done on a page, by the browser. */
export const identityEndpoints: Endpoint[] = [
  endpoint(AuthApi.listIdentities, 'GET /v1/auth/identities', {
    summary: 'Your accounts elsewhere that log you in',
    access: 'user',
    input: { userId: fromToken('userId') },
  }),

  endpoint(AuthApi.disconnectIdentity, 'DELETE /v1/auth/identities/{identityId}', {
    summary: 'Disconnect an account elsewhere',
    description: 'It no longer logs you in. Your account stays, with its password.',
    access: 'user',
    recentLogin: true,
    input: { userId: fromToken('userId'), identityId: fromPath('identityId') },
    status: 204,
  }),
];
