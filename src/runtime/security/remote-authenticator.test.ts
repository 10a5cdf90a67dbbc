import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parties, publicJwk, somebody, tokenFor } from '../../../tests/support/gateway.ts';
import { remoteAuthenticator } from './remote-authenticator.ts';
import { TokenVerifier } from './token-verifier.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function issuer(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
}
const json =
  (body: unknown): RequestListener =>
  (_, response) =>
    void response.end(JSON.stringify(body));

describe('an issuer in another process', () => {
  it('is trusted by the keys it publishes', async () => {
    const url = await issuer(json({ keys: [publicJwk] }));
    const verifier = new TokenVerifier({ ...parties, authenticator: remoteAuthenticator(url) });
    const person = somebody();
    await expect(verifier.verify(tokenFor(person))).resolves.toEqual(person);
  });

  it('that cannot be reached is believed for ten minutes more', async () => {
    let time = 0;
    let down = false;
    const url = await issuer((request, response) =>
      down ? response.writeHead(500).end() : json({ keys: [publicJwk] })(request, response),
    );
    const authenticator = remoteAuthenticator(url, { elapsed: () => time });
    await authenticator.keys();
    down = true;
    time = 9 * 60_000;
    await expect(authenticator.keys()).resolves.toMatchObject([{ kid: publicJwk.kid }]);
    time = 11 * 60_000;
    await expect(authenticator.keys()).rejects.toThrow('answered 500');
  });

  it('that does not answer is not waited for', async () => {
    const authenticator = remoteAuthenticator(await issuer(() => {}), { timeout: 30 });
    await expect(authenticator.keys()).rejects.toThrow();
  });

  it.each([
    [
      'redirects',
      ((_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()) as RequestListener,
    ],
    ['publishes no keys', json({ keys: [] })],
    ['publishes keys without an id', json({ keys: [{ kty: 'RSA' }] })],
    ['publishes secrets', json({ keys: [{ kty: 'oct', kid: 'a', k: 'c2VjcmV0' }] })],
    ['answers with a novel', json({ keys: [publicJwk], padding: 'x'.repeat(200_000) })],
    ['answers with a page', ((_, response) => void response.end('<html>')) as RequestListener],
  ])('that %s is not trusted', async (_, answer) => {
    await expect(remoteAuthenticator(await issuer(answer)).keys()).rejects.toThrow();
  });
});
