/** Roles, scopes of applications and recent logins, at a module that runs here and at one that runs elsewhere. */
import { describe, expect, it } from 'vitest';
import type { Principal } from '#platform/context.ts';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';

const minute = 60_000;
const anApplication = (...scopes: string[]) => ({ application: { id: 'reader', scopes } });
const loggedIn = (minutesAgo: number) => ({ authenticatedAt: Date.now() - minutesAgo * minute });

const handle = async () => ({ status: 204 });
type Declared = Pick<Endpoint, 'access' | 'scope' | 'recentLogin'>;
const lending = (fields: Declared) =>
  endpoint(LibraryApi, 'POST /v1/loans', { summary: 'Lend', answers: { status: 204 }, ...fields, handle });

const nowhere = { name: 'library', origins: ['http://127.0.0.1:1'], certificates: undefined };

describe.each([
  { where: 'here', at: (fields: Declared) => gateway([lending(fields)]), passed: 204 },
  {
    where: 'elsewhere',
    at: (fields: Declared) => gateway([], { upstreams: [{ ...nowhere, endpoints: [lending(fields)] }] }),
    passed: 503,
  },
])('an endpoint of a module $where', ({ at, passed }) => {
  const ask = async (fields: Declared, principal: Principal) => {
    const { http } = at(fields);
    const { status, body, headers } = await http
      .post('/v1/loans')
      .set('Authorization', `Bearer ${tokenFor(principal)}`);
    return status === passed ? 'in' : [status, body.code, headers['www-authenticate']];
  };
  const forbidden = [403, 'platform.forbidden', undefined];
  const outOfScope = (scope?: string) => [
    403,
    'platform.insufficient-scope',
    `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`,
  ];
  const stale = [
    401,
    'platform.recent-login-required',
    'Bearer error="insufficient_user_authentication", max_age="900"',
  ];

  it('S30 lets in who has its role, among others, and administrators', async () => {
    const access = { role: 'librarian' };
    expect(await ask({ access }, somebody('customer', 'librarian'))).toBe('in');
    expect(await ask({ access }, somebody('admin'))).toBe('in');
    for (const other of ['customer', 'librarians', 'gardener'])
      expect(await ask({ access }, somebody(other))).toEqual(forbidden);
    expect(await ask({ access: 'admin' }, somebody('librarian'))).toEqual(forbidden);
  });

  it('lets in an application with its scope, and no other', async () => {
    const scoped = { access: 'user', scope: 'loans:write' } as const;
    const by = (...scopes: string[]) => ({ ...somebody(), ...anApplication(...scopes) });
    expect(await ask(scoped, by('profile', 'loans:write'))).toBe('in');
    for (const scopes of [[], ['loans:read'], ['loans:write:all'], ['loans'], ['loans:writ']])
      expect(await ask(scoped, by(...scopes))).toEqual(outOfScope('loans:write'));
    expect(await ask(scoped, somebody()), 'the own client of a person').toBe('in');
  });

  it('without a scope lets in no application, whoever it acts for', async () => {
    const by = { ...somebody('admin'), ...anApplication('loans:write', 'admin', '') };
    expect(await ask({ access: 'user' }, by)).toEqual(outOfScope());
    expect(await ask({ access: 'admin' }, by)).toEqual(outOfScope());
    expect(await ask({ access: 'anyone' }, by)).toBe('in');
  });

  it('S30 gives an application no more than the person has', async () => {
    const asking = { access: { role: 'librarian' }, scope: 'loans:write' };
    expect(await ask(asking, { ...somebody('customer'), ...anApplication('loans:write') })).toEqual(forbidden);
    expect(await ask(asking, { ...somebody('librarian'), ...anApplication('loans:write') })).toBe('in');
  });

  it('for recent logins refuses one of 15 minutes ago, and one of which nothing is known', async () => {
    const sensitive = { access: 'user', recentLogin: true } as const;
    expect(await ask(sensitive, { ...somebody(), ...loggedIn(14) })).toBe('in');
    expect(await ask(sensitive, { ...somebody(), ...loggedIn(15) })).toEqual(stale);
    expect(await ask(sensitive, somebody('admin')), 'a token of an earlier release').toEqual(stale);
    expect(await ask({ ...sensitive, access: 'admin' }, somebody()), 'the role counts first').toEqual(forbidden);
  });
});
