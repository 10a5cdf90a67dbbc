import { endpoint, fromIfMatch, fromPath, fromToken, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { UsersApi, UsersErrors } from '../contract.ts';

const userId = fromToken('userId');
const addressId = fromPath('id');
const expectedVersion = fromIfMatch(UsersErrors.changedMeanwhile);

export const usersEndpoints: Endpoint[] = [
  endpoint(UsersApi.getProfile, 'GET /v1/users/me', {
    summary: 'Your profile',
    access: 'user',
    scope: 'profile',
    versioned: true,
    input: { userId },
  }),

  endpoint(UsersApi.updateProfile, 'PATCH /v1/users/me', {
    summary: 'Change your profile',
    access: 'user',
    scope: 'profile:write',
    versioned: true,
    input: { userId, expectedVersion },
    body: visibleLines,
  }),

  endpoint(UsersApi.erase, 'DELETE /v1/users/me', {
    summary: 'Erase your account and everything about you',
    description:
      'Orders and payments that the law makes us keep stay, without you in them. This cannot be undone: it takes your ' +
      '`password`, or a login within the last five minutes (403 `auth.confirmation-required` otherwise).',
    access: 'user',
    input: { userId, sessionId: fromToken('sessionId') },
    status: 204,
  }),

  endpoint(UsersApi.listAddresses, 'GET /v1/users/me/addresses', {
    summary: 'Your addresses, the oldest first',
    access: 'user',
    scope: 'addresses:read',
    input: { userId },
  }),

  endpoint(UsersApi.addAddress, 'POST /v1/users/me/addresses', {
    summary: 'Add an address',
    access: 'user',
    scope: 'addresses:write',
    idempotent: true,
    versioned: true,
    input: { userId },
    body: visibleLines,
    status: 201,
    headers: ({ id }) => ({ location: `/v1/users/me/addresses/${id}` }),
  }),

  endpoint(UsersApi.getAddress, 'GET /v1/users/me/addresses/{id}', {
    summary: 'One of your addresses',
    access: 'user',
    scope: 'addresses:read',
    versioned: true,
    input: { userId, addressId },
  }),

  endpoint(UsersApi.replaceAddress, 'PUT /v1/users/me/addresses/{id}', {
    summary: 'Replace one of your addresses',
    access: 'user',
    scope: 'addresses:write',
    versioned: true,
    input: { userId, addressId, expectedVersion },
    body: visibleLines,
  }),

  endpoint(UsersApi.removeAddress, 'DELETE /v1/users/me/addresses/{id}', {
    summary: 'Delete one of your addresses',
    access: 'user',
    scope: 'addresses:write',
    input: { userId, addressId, expectedVersion },
    status: 204,
  }),
];
