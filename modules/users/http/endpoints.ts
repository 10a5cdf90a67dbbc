import { z } from 'zod';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { Address, AddressFields, Profile, ProfileChanges, UsersApi, UsersErrors } from '../contract.ts';

const { profileNotFound, addressNotFound, tooManyAddresses, changedMeanwhile } = UsersErrors;
const AddressPath = z.object({ id: z.uuid() });

export const usersEndpoints: Endpoint[] = [
  endpoint(UsersApi, 'GET /v1/users/me', {
    summary: 'Your profile',
    access: 'user',
    versioned: true,
    answers: { status: 200, body: Profile },
    errors: [profileNotFound],
    async handle({ principal }, users) {
      const profile = await users.getProfile({ userId: principal.userId });
      return { status: 200, body: profile, version: profile.version };
    },
  }),

  endpoint(UsersApi, 'PATCH /v1/users/me', {
    summary: 'Change your profile',
    access: 'user',
    versioned: true,
    body: visibleLines(ProfileChanges),
    answers: { status: 200, body: Profile },
    errors: [profileNotFound, changedMeanwhile],
    async handle({ principal, body, ifMatch }, users) {
      const profile = await users.updateProfile({ ...body, userId: principal.userId, expectedVersion: ifMatch });
      return { status: 200, body: profile, version: profile.version };
    },
  }),

  endpoint(UsersApi, 'DELETE /v1/users/me', {
    summary: 'Erase your account and everything about you',
    description:
      'Orders and payments that the law makes us keep stay, without you in them. This cannot be undone: it takes your ' +
      '`password`, or a login within the last five minutes (403 `auth.confirmation-required` otherwise).',
    access: 'user',
    body: z.object({ password: UsersApi.erase.input.shape.password }),
    answers: { status: 204 },
    errors: UsersApi.erase.errors,
    async handle({ principal: { userId, sessionId }, body: { password } }, users) {
      await users.erase({ userId, sessionId, password });
      return { status: 204 };
    },
  }),

  endpoint(UsersApi, 'GET /v1/users/me/addresses', {
    summary: 'Your addresses, the oldest first',
    access: 'user',
    answers: { status: 200, body: UsersApi.listAddresses.output },
    async handle({ principal }, users) {
      return { status: 200, body: await users.listAddresses({ userId: principal.userId }) };
    },
  }),

  endpoint(UsersApi, 'POST /v1/users/me/addresses', {
    summary: 'Add an address',
    access: 'user',
    idempotent: true,
    versioned: true,
    body: visibleLines(AddressFields),
    answers: { status: 201, body: Address },
    errors: [profileNotFound, tooManyAddresses],
    async handle({ principal, body }, users) {
      const address = await users.addAddress({ ...body, userId: principal.userId });
      const headers = { location: `/v1/users/me/addresses/${address.id}` };
      return { status: 201, body: address, version: address.version, headers };
    },
  }),

  endpoint(UsersApi, 'GET /v1/users/me/addresses/{id}', {
    summary: 'One of your addresses',
    access: 'user',
    versioned: true,
    path: AddressPath,
    answers: { status: 200, body: Address },
    errors: [addressNotFound],
    async handle({ principal, path }, users) {
      const address = await users.getAddress({ userId: principal.userId, addressId: path.id });
      return { status: 200, body: address, version: address.version };
    },
  }),

  endpoint(UsersApi, 'PUT /v1/users/me/addresses/{id}', {
    summary: 'Replace one of your addresses',
    access: 'user',
    versioned: true,
    path: AddressPath,
    body: visibleLines(AddressFields),
    answers: { status: 200, body: Address },
    errors: [addressNotFound, changedMeanwhile],
    async handle({ principal, path, body, ifMatch }, users) {
      const whose = { userId: principal.userId, addressId: path.id };
      const address = await users.replaceAddress({ ...body, ...whose, expectedVersion: ifMatch });
      return { status: 200, body: address, version: address.version };
    },
  }),

  endpoint(UsersApi, 'DELETE /v1/users/me/addresses/{id}', {
    summary: 'Delete one of your addresses',
    access: 'user',
    versioned: true,
    path: AddressPath,
    answers: { status: 204 },
    errors: [addressNotFound, changedMeanwhile],
    async handle({ principal, path, ifMatch }, users) {
      await users.removeAddress({ userId: principal.userId, addressId: path.id, expectedVersion: ifMatch });
      return { status: 204 };
    },
  }),
];
