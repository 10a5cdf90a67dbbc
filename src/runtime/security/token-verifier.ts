import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { type Clock, type Elapsed, systemClock, systemElapsed } from '#platform/clock.ts';
import { backgroundContext, type CallContext, newTrace, type Principal, runInContext } from '#platform/context.ts';
import { platformErrors } from '#platform/errors.ts';
import {
  keyIdOf,
  RefusedToken,
  type TrustedParties,
  type VerifiedToken,
  verifyAccessToken,
} from '#platform/access-token.ts';
import type { Authenticator } from '#platform/authenticator.ts';
import { inSpan } from '../observability/spans.ts';

export interface TokenVerifierOptions extends TrustedParties {
  readonly authenticator: Authenticator;
  readonly clock?: Clock;
  readonly elapsed?: Elapsed;
  /** How many verified tokens are remembered. */
  readonly capacity?: number;
}

/** A session whose end nobody told us of is noticed after this time at the latest. */
const trustFor = 30_000;
const defaultCapacity = 10_000;
/** Tokens that name keys we do not know must not make us fetch keys all the time. */
const keysAtMostEvery = 5_000;

interface Trusted {
  readonly principal: Principal;
  /** The token's expiry, in epoch milliseconds. */
  readonly expiresAt: number;
  /** By the monotonic clock: when the time of day is set back, nothing is trusted for longer. */
  readonly until: number;
}

/** The work that a token came with. */
type Asker = Pick<CallContext, 'requestId' | 'trace'>;

const nobody = (): Asker => ({ requestId: 'access token', trace: newTrace() });

/** Milliseconds for asking others. */
const patience = 10_000;

/** Tells who sent a token. Verified tokens are remembered by hash, for a short time and in bounded number. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #clock: Clock;
  readonly #elapsed: Elapsed;
  readonly #capacity: number;
  readonly #trusted = new Map<string, Trusted>();
  readonly #underWay = new Map<string, Promise<Principal>>();
  #endings = 0;
  #keys = new Map<string, KeyObject>();
  #keysAskedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#elapsed = options.elapsed ?? systemElapsed;
    this.#capacity = options.capacity ?? defaultCapacity;
    options.authenticator.onEnded(
      (sessionId) => this.#forget(sessionId),
      () => this.#forgetAll(),
    );
  }

  /** Who sent the token, if that was verified a moment ago. */
  recall(token: string): Principal | undefined {
    const trusted = this.#trusted.get(digest(token));
    if (trusted === undefined || trusted.until <= this.#elapsed() || trusted.expiresAt <= this.#clock.now().getTime())
      return undefined;
    return trusted.principal;
  }

  /**
   * Rejects with RefusedToken, or with `platform.unavailable` when it cannot be known. Who asks while it is being found out
   * gets the same answer.
   */
  verify(token: string, { requestId, trace }: Asker = nobody()): Promise<Principal> {
    const id = digest(token);
    let verification = this.#underWay.get(id);
    if (!verification) {
      const work = () => inSpan({ name: 'check access token' }, () => this.#verify(id, token));
      verification = runInContext(backgroundContext(requestId, patience, trace), work).finally(() =>
        this.#underWay.delete(id),
      );
      this.#underWay.set(id, verification);
    }
    return verification;
  }

  async #verify(id: string, token: string): Promise<Principal> {
    const key = await this.#key(keyIdOf(token));
    const { issuers, audience, authenticator } = this.#options;
    const verified = verifyAccessToken(token, key, { issuers, audience, now: this.#clock.now() });
    const endingsBefore = this.#endings;
    if (!(await known(authenticator.isLive(verified.principal))))
      throw new RefusedToken('Its session has ended, or is not what it claims.');
    // The session may have ended while we asked; then the answer is old already.
    if (this.#endings === endingsBefore) this.#remember(id, verified);
    return verified.principal;
  }

  async #key(kid: string): Promise<KeyObject> {
    const age = this.#elapsed() - this.#keysAskedAt;
    if (age >= trustFor || (!this.#keys.has(kid) && age >= keysAtMostEvery)) {
      this.#asking ??= this.#askForKeys().finally(() => (this.#asking = undefined));
    }
    if (this.#asking) await this.#asking;
    const key = this.#keys.get(kid);
    if (!key) throw new RefusedToken('It names a key that is not ours.');
    return key;
  }

  async #askForKeys(): Promise<void> {
    const keys = await known(this.#options.authenticator.keys());
    this.#keys = new Map(keys.map((jwk) => [String(jwk.kid), createPublicKey({ key: jwk, format: 'jwk' })]));
    this.#keysAskedAt = this.#elapsed();
  }

  #remember(id: string, { principal, expiresAt }: VerifiedToken): void {
    const oldest = this.#trusted.size < this.#capacity ? undefined : this.#trusted.keys().next().value;
    if (oldest !== undefined) this.#trusted.delete(oldest);
    this.#trusted.delete(id);
    this.#trusted.set(id, { principal, expiresAt, until: this.#elapsed() + trustFor });
  }

  #forgetAll(): void {
    this.#endings += 1;
    this.#trusted.clear();
  }

  #forget(sessionId: string): void {
    this.#endings += 1;
    for (const [id, { principal }] of this.#trusted) if (principal.sessionId === sessionId) this.#trusted.delete(id);
  }
}

const digest = (token: string) => hash('sha256', token, 'base64');

const known = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((cause: unknown) => {
    throw platformErrors.unavailable({
      detail: 'Access tokens cannot be checked right now. Try again.',
      retryAfter: 1,
      cause,
    });
  });
