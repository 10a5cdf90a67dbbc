// ADR 0023
import type { z } from 'zod';
import type { PublicKey as PublicKeySchema } from '../contract.ts';

export type PublicKey = Readonly<z.output<typeof PublicKeySchema>>;

/** With the members that RFC 7518, 6.3.2 names. */
export type PrivateKey = PublicKey & Readonly<Record<'d' | 'p' | 'q' | 'dp' | 'dq' | 'qi', string>>;

/** A key that signs access tokens for a while, and is believed until the last of them has expired. */
export interface SigningKey {
  /** Counts the keys; the greater is the newer. */
  readonly generation: number;
  readonly publicKey: PublicKey;
  /** PEM (PKCS #8); undefined when what is stored cannot be read. */
  readonly privateKey: string | undefined;
  readonly signsFrom: Date;
  readonly signsUntil: Date;
}

export abstract class SigningKeys {
  /** The oldest first. */
  abstract all(): Promise<SigningKey[]>;

  /** False when there is a key of this generation already: another instance was faster. */
  abstract add(key: SigningKey): Promise<boolean>;

  /** Seals the private keys that were stored in clear, if there is a secret for it; returns how many. */
  abstract sealClear(): Promise<number>;

  /** Deletes the keys that stopped signing at this time or before. */
  abstract removeEndedBy(at: Date): Promise<void>;
}

const hour = 60 * 60 * 1_000;
/** Others learn of a key this long before it signs, so that what they cache of our keys has it in time. */
const publishedAhead = 24 * hour;
/** For instances whose clocks differ. */
const clockSkew = 60_000;

export const signerAt = (keys: readonly SigningKey[], now: Date): SigningKey | undefined =>
  keys.findLast((key) => key.privateKey !== undefined && key.signsFrom <= now && now < key.signsUntil);

/** The time before which a key must have stopped signing for its last token to have expired. `tokenLifetime` is in milliseconds. */
export const lastDeath = (now: Date, tokenLifetime: number): Date =>
  new Date(now.getTime() - tokenLifetime - clockSkew);

export const aliveAt = (keys: readonly SigningKey[], now: Date, tokenLifetime: number): SigningKey[] =>
  keys.filter((key) => key.signsUntil > lastDeath(now, tokenLifetime));

/** When the next key has to sign, if it is time to make it. */
export function nextKeySignsFrom(keys: readonly SigningKey[], now: Date): Date | undefined {
  if (!signerAt(keys, now)) return now;
  const end = Math.max(...keys.filter((key) => key.privateKey !== undefined).map((key) => key.signsUntil.getTime()));
  return end - now.getTime() <= publishedAhead ? new Date(end) : undefined;
}
