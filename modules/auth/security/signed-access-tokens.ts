/** Access tokens under keys that are made, published, used and given up on a schedule. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type Clock, type Elapsed, systemElapsed } from '#platform/clock.ts';
import {
  keyIdOf,
  RefusedToken,
  signAccessToken,
  type TokenParties,
  verifyAccessToken,
} from '#platform/access-token.ts';
import { AccessTokens, type ReadToken } from '../domain/access-tokens.ts';
import { assuranceOf, type Session } from '../domain/sessions.ts';
import {
  aliveAt,
  lastDeath,
  nextKeySignsFrom,
  type PrivateKey,
  type PublicKey,
  signerAt,
  type SigningKey,
  type SigningKeys,
} from '../domain/signing-keys.ts';

export interface AccessTokenOptions extends TokenParties {
  /** The issuer in tokens of the OAuth server: PUBLIC_URL. */
  readonly publicIssuer: string;
  /** Milliseconds. */
  readonly lifetime: number;
  /** How long a key signs, in milliseconds. */
  readonly keyPeriod: number;
  readonly elapsed?: Elapsed;
}

/** A key that was deleted by hand, because it leaked, is not used or believed any more after this time. */
const remembered = 30_000;

export class SignedAccessTokens extends AccessTokens {
  readonly #store: SigningKeys;
  readonly #clock: Clock;
  readonly #options: AccessTokenOptions;
  readonly #parsed = new Map<string, KeyObject>();
  #known: { keys: readonly SigningKey[]; at: number } | undefined;

  constructor(store: SigningKeys, clock: Clock, options: AccessTokenOptions) {
    super();
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
  }

  async issue(session: Session): Promise<{ accessToken: string; expiresIn: number }> {
    const { kid, privateKey } = await this.#signer();
    const { issuer, audience, lifetime } = this.#options;
    const { id: sessionId, accountId: userId, roles, authenticatedAt, amr, emailVerified } = session;
    const acr = assuranceOf(amr);
    const principal = { userId, sessionId, roles, authenticatedAt: authenticatedAt.getTime(), amr, acr, emailVerified };
    const seconds = Math.floor(lifetime / 1000);
    const now = this.#clock.now();
    const accessToken = signAccessToken(principal, { kid, privateKey }, { issuer, audience, lifetime: seconds, now });
    return { accessToken, expiresIn: seconds };
  }

  async publicKeys(): Promise<readonly PublicKey[]> {
    const alive = aliveAt(await this.#keys(), this.#clock.now(), this.#options.lifetime);
    return alive.map(({ publicKey }) => publicKey);
  }

  async privateKeys(): Promise<readonly PrivateKey[]> {
    const { kid } = await this.#signer();
    const alive = aliveAt(await this.#keys(), this.#clock.now(), this.#options.lifetime);
    const keys = alive.flatMap(({ publicKey, privateKey }) =>
      privateKey === undefined
        ? []
        : [{ ...(createPrivateKey(privateKey).export({ format: 'jwk' }) as PrivateKey), ...publicKey }],
    );
    return keys.toSorted((one, other) => Number(other.kid === kid) - Number(one.kid === kid));
  }

  async read(token: string): Promise<ReadToken | undefined> {
    try {
      const kid = keyIdOf(token);
      const known = (await this.publicKeys()).find((key) => key.kid === kid);
      if (!known) return undefined;
      const { issuer, publicIssuer, audience } = this.#options;
      const parties = { issuers: [issuer, publicIssuer], audience, now: this.#clock.now() };
      const key = createPublicKey({ key: { ...known }, format: 'jwk' });
      const { principal, expiresAt } = verifyAccessToken(token, key, parties);
      return { ...principal, expiresAt };
    } catch (error) {
      if (error instanceof RefusedToken) return undefined;
      throw error;
    }
  }

  async renewKeys(): Promise<void> {
    const now = this.#clock.now();
    const keys = await this.#store.all();
    const signsFrom = nextKeySignsFrom(keys, now);
    if (signsFrom) await this.#store.add(await this.#generate((keys.at(-1)?.generation ?? 0) + 1, signsFrom));
    await this.#store.removeEndedBy(lastDeath(now, this.#options.lifetime));
    this.#known = undefined;
  }

  /** Makes a key on the spot when the schedule has not: nobody may be kept out because it did not run. */
  async #signer(): Promise<{ kid: string; privateKey: KeyObject }> {
    let key = signerAt(await this.#keys(), this.#clock.now());
    if (!key) {
      await this.renewKeys();
      key = signerAt(await this.#keys(), this.#clock.now());
    }
    if (key?.privateKey === undefined) throw new Error('There is no key to sign access tokens with.');
    const { kid } = key.publicKey;
    const privateKey = this.#parsed.get(kid) ?? createPrivateKey(key.privateKey);
    this.#parsed.set(kid, privateKey);
    return { kid, privateKey };
  }

  async #keys(): Promise<readonly SigningKey[]> {
    const { elapsed = systemElapsed } = this.#options;
    const now = elapsed();
    if (!this.#known || now - this.#known.at >= remembered) this.#known = { keys: await this.#store.all(), at: now };
    return this.#known.keys;
  }

  async #generate(generation: number, signsFrom: Date): Promise<SigningKey> {
    const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const { n, e } = pair.publicKey.export({ format: 'jwk' }) as { n: string; e: string };
    return {
      generation,
      publicKey: { kty: 'RSA', kid: thumbprint(n, e), use: 'sig', alg: 'RS256', n, e },
      privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      signsFrom,
      signsUntil: new Date(signsFrom.getTime() + this.#options.keyPeriod),
    };
  }
}

/** RFC 7638: names a key by what it is. */
const thumbprint = (n: string, e: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
