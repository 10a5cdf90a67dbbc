import { describe, expect, it } from 'vitest';
import { admin, customer } from './client.ts';

describe('the audit log', () => {
  it('tells an administrator who did what to whom, from where and when', async () => {
    const keeper = await admin();
    const [one, other] = [await customer(), await customer()];
    const since = new Date(Date.now() - 60_000).toISOString();
    await keeper.post(`/v1/auth/accounts/${one.userId}/disable`, undefined, { 'user-agent': 'Keeper' });
    await keeper.post(`/v1/auth/accounts/${one.userId}/enable`);
    await keeper.post(`/v1/auth/accounts/${other.userId}/disable`);

    const { status, body } = await keeper.get(`/v1/auth/audit?target=${one.userId}&from=${since}`);
    expect(status).toBe(200);
    expect(body.data.map(({ act }: { act: string }) => act)).toEqual([
      'auth.enable-account',
      'auth.disable-account',
      'auth.log-in',
    ]);
    const [, disabled] = body.data;
    expect(disabled).toMatchObject({ outcome: 'done', actorKind: 'person', userAgent: 'Keeper', details: null });
    expect(disabled.network).toMatch(/^(127\.0\.0\.1|0:0:0:0::\/64)$/);
    expect(Math.abs(Date.parse(disabled.at) - Date.now())).toBeLessThan(60_000);

    const first = await keeper.get(`/v1/auth/audit?actor=${disabled.actor}&act=auth.disable-account&limit=1`);
    expect(first.body.nextCursor).not.toBeNull();
    const next = await keeper.get(`/v1/auth/audit?actor=${disabled.actor}&limit=1&cursor=${first.body.nextCursor}`);
    expect(Number(next.body.data[0].id)).toBeLessThan(Number(first.body.data[0].id));
  });

  it('tells of what was refused', async () => {
    const keeper = await admin();
    const nobody = crypto.randomUUID();
    expect((await keeper.post(`/v1/auth/accounts/${nobody}/disable`)).status).toBe(404);
    expect((await keeper.get(`/v1/auth/audit?target=${nobody}`)).body.data).toMatchObject([
      { act: 'auth.disable-account', outcome: 'refused', details: { reason: 'auth.account-not-found' } },
    ]);
  });

  it.each(['auth', 'orders', 'payments', 'users'])('of %s is exported as JSON Lines', async (module) => {
    const keeper = await admin();
    const { status, headers, body } = await keeper.get(`/v1/${module}/audit/export`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
    const ids = (typeof body === 'string' ? body : '')
      .split('\n')
      .filter(Boolean)
      .map((line) => Number(JSON.parse(line).id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  it('knows no time before the year 1, as its database does', async () => {
    const keeper = await admin();
    for (const field of ['from', 'to'])
      expect((await keeper.get(`/v1/auth/audit?${field}=0000-02-29T12:00:00Z`)).status).toBe(400);
  });

  it('is for administrators', async () => {
    const someone = await customer();
    for (const path of ['', '/export']) expect((await someone.get(`/v1/auth/audit${path}`)).status).toBe(403);
  });

  it('keeps the acts on an erased person, and forgets who it was', async () => {
    const keeper = await admin();
    const someone = await customer();
    await keeper.post(`/v1/auth/accounts/${someone.userId}/enable`);
    const target = `/v1/auth/audit?target=${someone.userId}&act=auth.enable-account`;
    const { body } = await keeper.get(target);
    expect(body.data).toHaveLength(1);
    const [{ id, actor }] = body.data;
    expect((await someone.send('DELETE', '/v1/users/me', { password: someone.person.password })).status).toBeLessThan(
      300,
    );
    await expect.poll(async () => (await keeper.get(target)).body.data, { timeout: 60_000 }).toEqual([]);
    const { body: left } = await keeper.get(`/v1/auth/audit?actor=${actor}&limit=1&cursor=${Number(id) + 1}`);
    expect(left.data).toMatchObject([{ id, act: 'auth.enable-account', target: null }]);
  });
});
