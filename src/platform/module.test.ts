import { expect, it } from 'vitest';
import { api } from './contract.ts';
import { endpoint } from './endpoint.ts';
import { defineModule } from './module.ts';

it('refuses a module whose endpoint asks for a scope that nobody could explain to a person', () => {
  const LibraryApi = api('library', {});
  const lend = endpoint(LibraryApi, 'POST /v1/loans', {
    summary: 'Lend',
    access: 'user',
    scope: 'loans:write',
    answers: { status: 204 },
    handle: async () => ({ status: 204 }),
  });
  const define = (scopes: Record<string, string>) =>
    defineModule('library', { offers: LibraryApi, operations: {}, endpoints: [lend], scopes });
  expect(() => define({ 'loans:read': 'See your loans' })).toThrow(/POST \/v1\/loans asks for the scope loans:write/);
  expect(define({ 'loans:write': 'Lend for you' }).scopes).toEqual({ 'loans:write': 'Lend for you' });
});
