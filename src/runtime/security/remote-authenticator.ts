/** Trusts the tokens of an issuer in another process by the keys it publishes (a JWKS, RFC 7517). */
import type { JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { type Elapsed, systemElapsed } from '#platform/clock.ts';
import type { Authenticator } from '#platform/authenticator.ts';

const Jwks = z.object({
  keys: z
    .array(z.looseObject({ kid: z.string(), kty: z.literal('RSA') }))
    .min(1)
    .max(50),
});
const maxBytes = 100_000;

/** While the issuer cannot be reached, its keys are believed for this long. */
const staleFor = 10 * 60_000;

export interface RemoteAuthenticatorOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly elapsed?: Elapsed;
}

export function remoteAuthenticator(jwksUrl: string, options: RemoteAuthenticatorOptions = {}): Authenticator {
  const { timeout = 3_000, elapsed = systemElapsed } = options;
  let held: { keys: readonly JsonWebKey[]; at: number } | undefined;

  async function fetchKeys(): Promise<readonly JsonWebKey[]> {
    const answer = await fetch(jwksUrl, {
      signal: AbortSignal.timeout(timeout),
      redirect: 'error',
      headers: { accept: 'application/jwk-set+json, application/json' },
    });
    if (!answer.ok) throw new Error(`${jwksUrl} answered ${answer.status}.`);
    const text = await answer.text();
    if (text.length > maxBytes) throw new Error(`${jwksUrl} answered with ${text.length} characters.`);
    return Jwks.parse(JSON.parse(text)).keys;
  }

  return {
    async keys() {
      const now = elapsed();
      try {
        held = { keys: await fetchKeys(), at: now };
      } catch (error) {
        if (held === undefined || now - held.at > staleFor) throw error;
      }
      return held.keys;
    },
    /** Only the issuer knows. Until it is asked over the network, a token lives out its few minutes here. */
    isLive: async () => true,
    onEnded() {},
  };
}
