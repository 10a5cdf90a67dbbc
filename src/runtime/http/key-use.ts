// ADR 0010
/**
 * The stored form of an idempotency key and of the request under it. A body can hold a password or a payment token, and
 * most passwords can be found by trying against a plain hash. So the fingerprint is keyed by the idempotency key, and
 * of that only a hash is stored: who reads the table has nothing to try against, as long as clients choose keys that
 * cannot be guessed either.
 */
import { createHmac, hash } from 'node:crypto';

export interface KeyUse {
  /** Who uses the key (their id, then a space), and for what: the same key of somebody else is another key. */
  readonly scope: string;
  readonly keyHash: string;
  /** The fingerprint of the request; another one under the same key is refused. */
  readonly fingerprint: string;
  /** Tells whether the keys of this scope are counted: a scope that strangers share is not theirs to fill. */
  readonly counted: boolean;
  /** Milliseconds during which the answer may still change, for `Prefer: wait`; 0 for a final one. */
  readonly settlesIn: number;
}

interface Use extends Pick<KeyUse, 'scope' | 'settlesIn'> {
  /** The network of a caller without a token; undefined for one with a token. */
  readonly network: string | undefined;
}

interface KeyedRequest {
  readonly pathAndQuery: string;
  readonly body: unknown;
}

/** Strangers in different networks have different keys; which network it was cannot be told from what is stored. */
export const keyUse = (
  key: string,
  { pathAndQuery, body }: KeyedRequest,
  { scope, network, settlesIn }: Use,
): KeyUse => ({
  scope,
  keyHash:
    network === undefined ? hash('sha256', `${scope}\n${key}`, 'base64url') : keyedBy(key, `${scope}\n${network}`),
  fingerprint: keyedBy(key, `${pathAndQuery}\n${canonicalJson(body)}`),
  counted: network === undefined,
  settlesIn,
});

const keyedBy = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url');

/** The same for the same JSON, however it is laid out. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
