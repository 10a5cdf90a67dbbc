/**
 * What is stored of an idempotency key and of the request under it. A body can hold a password or a payment token, and
 * most passwords can be found by trying against a plain hash. So the fingerprint is keyed by the idempotency key, and
 * of that only a hash is stored: who reads the table has nothing to try against, as long as clients choose keys that
 * cannot be guessed either.
 */
import { createHmac, hash } from 'node:crypto';

export interface KeyUse {
  /** Who uses the key (their id, then a space), and for what: the same key of somebody else is another key. */
  readonly scope: string;
  readonly keyHash: string;
  /** Of the request; another one under the same key is refused. */
  readonly fingerprint: string;
  /** Whether the keys of this scope are counted: a scope that strangers share is not theirs to fill. */
  readonly counted: boolean;
  /** Milliseconds during which the answer may still change, for `Prefer: wait`; 0 for a final one. */
  readonly settlesIn: number;
}

interface KeyedRequest {
  readonly pathAndQuery: string;
  readonly body: unknown;
}

export const keyUse = (
  key: string,
  { pathAndQuery, body }: KeyedRequest,
  { scope, counted, settlesIn }: Pick<KeyUse, 'scope' | 'counted' | 'settlesIn'>,
): KeyUse => ({
  scope,
  keyHash: hash('sha256', `${scope}\n${key}`, 'base64url'),
  fingerprint: createHmac('sha256', key).update(`${pathAndQuery}\n${canonicalJson(body)}`).digest('base64url'),
  counted,
  settlesIn,
});

/** The same for the same JSON, however it is laid out. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
