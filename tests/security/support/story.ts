/** A day in a shop: each endpoint at least once, and what goes wrong there as well. */
import { createHmac, randomUUID } from 'node:crypto';
import { eventually, type Reply, Visitor } from '../../acceptance/client.ts';
import { connectIdentity, type Shop, webhookSecret } from './shop.ts';

interface Exchanged {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly reply: Reply;
}

export interface Story {
  readonly exchanged: readonly Exchanged[];
  /** Texts that only the people concerned may ever read. */
  readonly secrets: readonly string[];
}

const person = {
  email: 'unforgettable.person@example.com',
  password: 'unforgettable password of a person',
  name: 'Unforgettable Person',
};
const newPassword = 'unforgettable password, the next one';
const phone = '+49 30 7654321098';
const address = {
  label: 'Unforgettable label',
  recipient: 'Unforgettable Recipient',
  line1: '99 Unforgettable Street',
  line2: 'Unforgettable backyard',
  city: 'Unforgettableham',
  region: 'Unforgettableshire',
  postalCode: 'UF9 9UF',
  country: 'GB',
};
const reason = 'Unforgettable reason of a refund';

export async function tellStory(shop: Shop): Promise<Story> {
  const exchanged: Exchanged[] = [];
  const secrets = [
    ...Object.values(person),
    newPassword,
    phone,
    ...Object.values(address).filter((text) => text.length > 2),
    reason,
    webhookSecret,
  ];

  const recorded = (visitor: Visitor): Visitor => {
    const original = visitor.send.bind(visitor);
    visitor.send = async (method, path, ...rest) => {
      const reply = await original(method, path, ...rest);
      exchanged.push({ method, target: path, reply });
      return reply;
    };
    return visitor;
  };
  const someone = recorded(new Visitor(shop.url));
  const keeper = recorded(Object.assign(new Visitor(shop.url), { accessToken: shop.keeper.accessToken }));

  const logIn = async (password: string) => {
    const { body } = await someone.post('/v1/auth/login', { email: person.email, password });
    secrets.push(body.accessToken, body.refreshToken, body.deviceToken);
    someone.accessToken = body.accessToken;
    return body as { accessToken: string; refreshToken: string };
  };
  const refresh = async (refreshToken: string) => {
    const { body } = await someone.post('/v1/auth/refresh', { refreshToken });
    if (body.accessToken) secrets.push(body.accessToken, body.refreshToken);
    return body as { refreshToken: string };
  };
  const key = () => ({ 'idempotency-key': `unforgettable-${randomUUID()}` });

  const { userId } = (await someone.post('/v1/auth/register', person, key())).body;
  await someone.post('/v1/auth/register', person);
  await someone.post('/v1/auth/register', { ...person, password: 'too short' });
  const before = await logIn(person.password);
  const spent = await logIn(person.password);
  const next = await refresh(spent.refreshToken);
  const { refreshToken } = await refresh(next.refreshToken);
  await someone.post('/v1/auth/login', { email: person.email, password: 'a wrong guess of the password' });
  await someone.post('/v1/auth/login', { email: person.password, password: person.email });
  await refresh(spent.refreshToken);
  await refresh(refreshToken);
  await someone.get('/v1/users/me');
  await logIn(person.password);
  await someone.post('/v1/auth/password', { currentPassword: newPassword, newPassword: person.password });
  await someone.post('/v1/auth/password', { currentPassword: person.password, newPassword });
  await someone.get('/v1/users/me', { authorization: `Bearer ${before.accessToken}` });
  secrets.push((await someone.post('/v1/auth/step-up', { password: newPassword })).body.accessToken);
  await someone.post('/v1/auth/step-up', { password: person.password });
  const { body: sessions } = await someone.get('/v1/auth/sessions');
  await someone.post('/v1/auth/sessions/end-others');
  await someone.delete(`/v1/auth/sessions/${sessions.data[0].id}`);
  await someone.post('/v1/auth/logout', { refreshToken: (await logIn(newPassword)).refreshToken });
  await logIn(newPassword);

  const identityId = await connectIdentity(shop, userId);
  await someone.get('/v1/auth/identities');
  await someone.delete(`/v1/auth/identities/${identityId}`);

  const byMail = async (to: string, subject: string) => {
    const find = async () => {
      const { body } = await new Visitor(shop.url).get('/mails.json');
      return (body as { to: string; subject: string; text: string }[]).find(
        (mail) => mail.to === to && mail.subject === subject,
      );
    };
    const { text } = (await eventually(find, (mail) => mail !== undefined))!;
    const token = /[?&](?:token|change)=([\w-]+)/.exec(text)![1]!;
    secrets.push(token, ...(/^\d{6}$/m.exec(text) ?? []));
    return { token, code: /^\d{6}$/m.exec(text)?.[0] };
  };
  await someone.post('/v1/auth/email/verification');
  const [confirm, change] = ['Confirm your e-mail address', 'Confirm your new e-mail address'];
  const { code } = await byMail(person.email, confirm);
  await someone.post('/v1/auth/email/code', { code: '000000' });
  await someone.post('/v1/auth/email/code', { code });
  const second = { email: 'somebody.else@example.com', password: person.password, name: 'Somebody Else' };
  await someone.post('/v1/auth/register', second);
  const { token } = await byMail(second.email, confirm);
  await someone.post('/v1/auth/email/verify', { token });
  await someone.post('/v1/auth/email/verify', { token });
  const moved = `next.${person.email}`;
  secrets.push(second.email, moved);
  for (const email of [moved, person.email]) {
    await someone.post('/v1/auth/email/change', { email, password: newPassword });
    const answer = await byMail(email, change);
    await someone.post('/v1/auth/email/change/confirm', { token: answer.token });
  }
  await someone.post('/v1/auth/password/forgotten', { email: person.email });
  const reset = await byMail(person.email, 'Set a new password');
  await someone.post('/v1/auth/password/reset', { token: reset.token, newPassword: 'too short' });
  await someone.post('/v1/auth/password/reset', { token: reset.token, newPassword });
  await logIn(newPassword);

  await someone.get('/v1/users/me');
  await someone.patch('/v1/users/me', { phone });
  await someone.patch('/v1/users/me', { phone: `${phone} ${address.line1} ${address.line2}`, email: person.email });
  const { id: addressId } = (await someone.post('/v1/users/me/addresses', address, key())).body;
  await someone.post('/v1/users/me/addresses', { ...address, country: address.city });
  await someone.get('/v1/users/me/addresses');
  await someone.get(`/v1/users/me/addresses/${addressId}`);
  await someone.put(`/v1/users/me/addresses/${addressId}`, address);

  const sku = `mug-${randomUUID()}`;
  await keeper.post(
    '/v1/products',
    { sku, name: 'A mug', price: { amount: 1250, currency: 'EUR' }, stock: 100 },
    key(),
  );
  await keeper.patch(`/v1/products/${sku}`, { stock: 50 });
  await someone.get('/v1/products?limit=5');
  await someone.get(`/v1/products/${sku}`);

  const order = async (paymentToken: string) => {
    const placed = await someone.post(
      '/v1/orders',
      { items: [{ sku, quantity: 2 }], paymentToken },
      { prefer: 'wait=10', ...key() },
    );
    return placed.body.id as string;
  };
  const [paid, cancelled] = [
    await order('tok_visa'),
    await order('tok_visa'),
    await order('tok_declined'),
    await order('tok_flaky'),
  ];
  await order('tok_unforgettable_token_of_nobody');
  secrets.push('tok_visa', 'tok_declined', 'tok_flaky', 'tok_unforgettable_token_of_nobody');
  await someone.post('/v1/orders', { items: [{ sku, quantity: 9_999 }], paymentToken: 'tok_visa' });
  await someone.post('/v1/orders', { items: [{ sku, quantity: 0 }], paymentToken: 'tok_visa', email: person.email });
  await someone.get('/v1/orders');
  await someone.get(`/v1/orders/${paid}`);
  await someone.post(`/v1/orders/${cancelled}/cancel`, undefined, key());
  const { data } = (
    await eventually(
      () => someone.get(`/v1/payments?orderId=${paid}`),
      ({ body }) => body.data.length === 1,
    )
  ).body;
  const paymentId = data[0].id as string;
  await someone.get(`/v1/payments/${paymentId}`);
  await keeper.post(`/v1/payments/${paymentId}/refunds`, { amount: 100, reason }, { prefer: 'wait=10', ...key() });
  await someone.post(`/v1/payments/${paymentId}/refunds`, { reason });
  await reportOfProvider({ type: 'refund.succeeded', paymentId, amount: 200 });
  await someone.post('/v1/payments/webhooks/sandbox', JSON.stringify({ paymentId, note: person.email }), {
    'sandbox-signature': `t=1,v1=${'0'.repeat(64)}`,
  });

  const application = {
    name: 'Notes',
    redirectUris: ['https://notes.example/done'],
    postLogoutRedirectUris: [],
    scopes: ['orders:read'],
    roles: [],
  };
  const { applicationId, clientSecret } = (
    await keeper.post('/v1/auth/applications', { ...application, kind: 'confidential' })
  ).body;
  await keeper.post('/v1/auth/applications', {
    ...application,
    kind: 'public',
    redirectUris: ['http://notes.example/done'],
  });
  const renewed = (await keeper.post(`/v1/auth/applications/${applicationId}/secrets`, {})).body;
  secrets.push(clientSecret, renewed.clientSecret);
  await keeper.get('/v1/auth/applications?limit=5');
  await keeper.get(`/v1/auth/applications/${applicationId}`);
  await keeper.put(`/v1/auth/applications/${applicationId}`, { ...application, disabled: true });
  await someone.get('/v1/auth/consents');
  await someone.delete(`/v1/auth/consents/${applicationId}`);
  await keeper.delete(`/v1/auth/applications/${applicationId}`);

  await keeper.get(`/v1/auth/accounts?email=${person.email.slice(0, 10)}`);
  await keeper.get(`/v1/auth/accounts/${userId}`);
  await keeper.post(`/v1/auth/accounts/${userId}/roles`, { grant: ['support', 'catalogue'], take: [] });
  await keeper.post(`/v1/auth/accounts/${userId}/roles`, { grant: [], take: ['support', 'catalogue'] });
  const { userId: other } = (
    await someone.post('/v1/auth/register', { ...person, email: 'another@example.com', name: 'Another' })
  ).body;
  await keeper.post(`/v1/auth/accounts/${other}/require-new-password`);
  await keeper.post(`/v1/auth/accounts/${userId}/remove-factors`);
  await keeper.post(`/v1/auth/accounts/${userId}/end-sessions`);

  await keeper.post(`/v1/auth/accounts/${userId}/disable`);
  await someone.get('/v1/users/me');
  await keeper.post(`/v1/auth/accounts/${userId}/enable`);
  await logIn(newPassword);
  await someone.get('/.well-known/jwks.json');
  await someone.get('/v1/users/me/export');
  await someone.get(
    `/v1/nothing/${encodeURIComponent(person.email)}?email=${person.email}&token=${someone.accessToken}&name=${encodeURIComponent(person.name)}`,
  );
  await someone.delete(`/v1/users/me/addresses/${addressId}`);
  for (const module of shop.program.modules.keys()) {
    await keeper.get(`/v1/${module}/audit`);
    await keeper.get(`/v1/${module}/audit/export`);
  }
  await someone.delete('/v1/users/me');
  await shop.snapshot();
  return { exchanged, secrets };

  async function reportOfProvider(about: object): Promise<void> {
    const body = JSON.stringify({ id: randomUUID(), ...about });
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', webhookSecret).update(`${timestamp}.${body}`).digest('hex');
    secrets.push(signature);
    await someone.post('/v1/payments/webhooks/sandbox', body, {
      'sandbox-signature': `t=${timestamp},v1=${signature}`,
    });
  }
}
