/** Forged, altered and foreign access tokens, at the door of the whole program. */
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Visitor } from '../acceptance/client.ts';
import { startTestProgram } from '../support/program.ts';
import { type Customer, type Shop, startShop } from './support/shop.ts';

/** The issuer of OpenID Connect. */
const publicUrl = 'https://shop.example';

let shop: Shop;
let customer: Customer;
/** The very key that the program signs with: what is wrong with these tokens is never their signature alone. */
let signingKey: KeyObject;
let publicKey: JsonWebKey & { kid: string };
beforeAll(async () => {
  shop = await startShop({ PUBLIC_URL: publicUrl });
  customer = await shop.newCustomer();
  const [row] = await shop.sql('SELECT private_key FROM auth.signing_keys ORDER BY generation');
  signingKey = createPrivateKey(row!.private_key as string);
  publicKey = (await customer.get('/.well-known/jwks.json')).body.keys[0];
});
afterAll(() => shop.stop());

type Fields = Record<string, unknown>;
const encode = (fields: Fields) => Buffer.from(JSON.stringify(fields)).toString('base64url');
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part!, 'base64url').toString()) as Fields;
const rs256 = (key: KeyObject) => (data: string) => sign('sha256', Buffer.from(data), key).toString('base64url');

/** The customer's own token with something else in it; undefined takes a field away. */
function token({
  header = {},
  claims = {},
  signature = rs256(signingKey),
}: { header?: Fields; claims?: Fields; signature?: (data: string) => string } = {}): string {
  const [head, body] = customer.accessToken!.split('.');
  const data = `${encode({ ...decode(head), ...header })}.${encode({ ...decode(body), ...claims })}`;
  return `${data}.${signature(data)}`;
}

async function whatHappensTo(accessToken: string, path = '/v1/users/me') {
  const visitor = Object.assign(new Visitor(shop.url), { accessToken });
  const { status, headers } = await visitor.get(path);
  return [status, headers.get('www-authenticate')];
}
const isIn = [200, null];
const isRefused = [401, 'Bearer error="invalid_token"'];
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

const pem = () => createPublicKey({ key: publicKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string;
const hmac = (secret: string) => (data: string) => createHmac('sha256', secret).update(data).digest('base64url');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strangersJwk = stranger.publicKey.export({ format: 'jwk' });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('an access token', () => {
  it('that these tests make lets its owner in, as long as nothing is wrong with it', async () => {
    expect(await whatHappensTo(customer.accessToken!)).toEqual(isIn);
    expect(await whatHappensTo(token())).toEqual(isIn);
    expect(await whatHappensTo(token({ claims: { exp: seconds(60), jti: randomUUID() } }))).toEqual(isIn);
  });

  it('lets its owner in as one of OpenID Connect, and S6 not as one of an issuer called alike', async () => {
    const application = { client_id: 'an application', scope: 'profile' };
    expect(await whatHappensTo(token({ claims: { iss: publicUrl, ...application } }))).toEqual(isIn);
    for (const iss of [`${publicUrl}/`, 'https://SHOP.example', 'http://shop.example', `${publicUrl}.evil.example`])
      expect(await whatHappensTo(token({ claims: { iss, ...application } })), iss).toEqual(isRefused);
  });

  it.each<[string, () => string]>([
    ['S1 whose algorithm is none', () => token({ header: { alg: 'none' }, signature: () => '' })],
    ['S1 whose algorithm is None, with the signature of another', () => token({ header: { alg: 'None' } })],
    ['S1 without a signature', () => token({ signature: () => '' })],
    [
      'S1 signed with PS256',
      () =>
        token({
          header: { alg: 'PS256' },
          signature: (data) =>
            sign('sha256', Buffer.from(data), { key: signingKey, padding: constants.RSA_PKCS1_PSS_PADDING }).toString(
              'base64url',
            ),
        }),
    ],
    [
      'S1 signed with ES256',
      () =>
        token({
          header: { alg: 'ES256' },
          signature: (data) =>
            sign('sha256', Buffer.from(data), { key: curve.privateKey, dsaEncoding: 'ieee-p1363' }).toString(
              'base64url',
            ),
        }),
    ],
    ['S1 signed by somebody else', () => token({ signature: rs256(stranger.privateKey) })],
    [
      'S1 with other claims under the signature it had',
      () => {
        const [head, , signature] = customer.accessToken!.split('.');
        return `${head}.${encode({ ...decode(customer.accessToken!.split('.')[1]), roles: ['admin'] })}.${signature}`;
      },
    ],
    [
      'S2 that uses the public key as the secret of an HMAC',
      () => token({ header: { alg: 'HS256' }, signature: hmac(pem()) }),
    ],
    [
      'S2 that uses the modulus as the secret of an HMAC',
      () => token({ header: { alg: 'HS256' }, signature: hmac(publicKey.n!) }),
    ],
    [
      'S3 that brings a key along',
      () => token({ header: { jwk: { ...strangersJwk, kid: publicKey.kid } }, signature: rs256(stranger.privateKey) }),
    ],
    ['S3 under a key that is unknown', () => token({ header: { kid: randomUUID() } })],
    ['S3 under no key', () => token({ header: { kid: undefined } })],
    ['S3 under a key that is a path', () => token({ header: { kid: '../../../dev/null' }, signature: hmac('') })],
    ['S3 under a key that is a question', () => token({ header: { kid: "' UNION SELECT 'x" } })],
    ['S4 that has expired', () => token({ claims: { exp: seconds(-10) } })],
    ['S4 that never expires', () => token({ claims: { exp: undefined } })],
    ['S4 that expires in words', () => token({ claims: { exp: '9999999999' } })],
    ['S4 that is not valid yet', () => token({ claims: { nbf: seconds(60) } })],
    ['S5 of another type', () => token({ header: { typ: 'JWT' } })],
    ['S5 of no type', () => token({ header: { typ: undefined } })],
    ['S5 that is an ID token', () => token({ header: { typ: 'id+jwt' }, claims: { nonce: 'n' } })],
    ['S6 of another issuer', () => token({ claims: { iss: 'https://fissile.evil.example' } })],
    [
      'S6 of an issuer whose name begins like ours',
      () => token({ claims: { iss: `${decode(customer.accessToken!.split('.')[1]).iss as string}/` } }),
    ],
    ['S6 of no issuer', () => token({ claims: { iss: undefined } })],
    ['S6 for others', () => token({ claims: { aud: 'somebody else' } })],
    ['S6 for others as well', () => token({ claims: { aud: ['fissile', 'somebody else'] } })],
    ['S6 for nobody', () => token({ claims: { aud: undefined } })],
    ['S7 with an extension that has to be understood', () => token({ header: { crit: ['exp'] } })],
    ['S7 with an unencoded payload', () => token({ header: { crit: ['b64'], b64: false } })],
    ['S28 of a session that never was', () => token({ claims: { sid: randomUUID() } })],
    ['S28 of a session of somebody else', () => token({ claims: { sub: randomUUID() } })],
    ['S30 with a role that its owner does not have', () => token({ claims: { roles: ['customer', 'admin'] } })],
    ['S30 with a role that nobody has', () => token({ claims: { roles: ['root'] } })],
    ['S28 of no session', () => token({ claims: { sid: undefined } })],
  ])('%s is refused', async (_, make) => {
    expect(await whatHappensTo(make())).toEqual(isRefused);
  });

  it('S3 that points to keys elsewhere has nobody look there', async () => {
    let asked = 0;
    const server = createServer((_, answer) => {
      asked += 1;
      answer.end(JSON.stringify({ keys: [{ ...strangersJwk, kid: publicKey.kid, alg: 'RS256', use: 'sig' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const elsewhere = `http://127.0.0.1:${port}/jwks.json`;
    for (const header of [{ jku: elsewhere }, { x5u: elsewhere }, { jku: elsewhere, kid: randomUUID() }]) {
      expect(await whatHappensTo(token({ header, signature: rs256(stranger.privateKey) }))).toEqual(isRefused);
    }
    server.close();
    expect(asked).toBe(0);
  });

  it('S1 is verified by the key that is published, and says who and nothing about them', async () => {
    const [head, body, signature] = customer.accessToken!.split('.');
    const key = createPublicKey({ key: publicKey, format: 'jwk' });
    expect(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature!, 'base64url'))).toBe(true);
    const { sub, exp, iat } = decode(body) as { sub: string; exp: number; iat: number };
    expect(sub).toBe(customer.userId);
    expect(exp - iat, 'S4').toBe(900);
    for (const secret of Object.values(customer.person))
      expect(Buffer.from(body!, 'base64url').toString()).not.toContain(secret);
  });
});

describe('the keys of access tokens', () => {
  /** The program after a restart on the same data. */
  async function restarted<T>(work: (url: string) => Promise<T>): Promise<T> {
    const again = await startTestProgram({ databaseUrl: shop.program.databaseUrl });
    try {
      return await work(again.url);
    } finally {
      await again.stop();
    }
  }
  const kidOf = (accessToken: string) => decode(accessToken.split('.')[0]).kid;
  const published = async (visitor: Visitor) =>
    (await visitor.get('/.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid);

  it('S8 overlap when one follows the other, and the old one dies after its last token', async () => {
    const { email, password } = customer.person;
    const stopped = (ago: string) =>
      shop.sql(
        'UPDATE auth.signing_keys SET signs_from = now() - $2::interval * 2, signs_until = now() - $2::interval WHERE kid = $1',
        [publicKey.kid, ago],
      );

    await stopped('1 minute');
    await restarted(async (url) => {
      const visitor = Object.assign(new Visitor(url), { accessToken: customer.accessToken });
      expect((await visitor.get('/v1/users/me')).status, 'a token under the old key').toBe(200);
      const { accessToken } = (await visitor.post('/v1/auth/login', { email, password })).body;
      expect(kidOf(accessToken)).not.toBe(publicKey.kid);
      expect(await published(visitor)).toEqual([publicKey.kid, kidOf(accessToken)]);
    });

    await stopped('1 hour');
    await restarted(async (url) => {
      const visitor = Object.assign(new Visitor(url), { accessToken: token({ claims: { exp: seconds(900) } }) });
      expect(await published(visitor)).not.toContain(publicKey.kid);
      expect((await visitor.get('/v1/users/me')).status).toBe(401);
    });
    expect(await shop.sql('SELECT FROM auth.signing_keys WHERE kid = $1', [publicKey.kid])).toEqual([]);
  });
});
