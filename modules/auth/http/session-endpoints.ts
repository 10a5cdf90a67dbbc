import { endpoint, fromPath, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { AuthApi } from '../contract.ts';

const userId = fromToken('userId');
const sessionId = fromToken('sessionId');

export const sessionEndpoints: Endpoint[] = [
  endpoint(AuthApi.listSessions, 'GET /v1/auth/sessions', {
    summary: 'Your sessions, the oldest first',
    description: 'Each login and each application that you gave access has one.',
    access: 'user',
    input: { userId, sessionId },
  }),

  endpoint(AuthApi.endSession, 'DELETE /v1/auth/sessions/{id}', {
    summary: 'End one of your sessions',
    description: 'Its tokens are refused at once. The session that asks is one of them: ending it logs out.',
    access: 'user',
    input: { userId, sessionId: fromPath('id') },
    status: 204,
  }),

  endpoint(AuthApi.endOtherSessions, 'POST /v1/auth/sessions/end-others', {
    summary: 'End all your sessions but this one',
    access: 'user',
    input: { userId, sessionId },
    status: 204,
  }),

  endpoint(AuthApi.stepUp, 'POST /v1/auth/step-up', {
    summary: 'Prove once more who you are',
    description:
      'Gives an access token for what takes a login within the last 15 minutes (401 `platform.recent-login-required`). ' +
      'Your refresh token stays as it is, and gives such tokens too.',
    access: 'user',
    input: { userId, sessionId },
  }),
];
