/**
 * Signatures of reports, in Stripe's form: `t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with a `v1` for each secret
 * while one replaces another. They are over the bytes of the body. Stripe's own package decodes those first, which drops a
 * byte order mark and replaces what is no UTF-8.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { platformErrors } from '#platform/errors.ts';
import { PaymentsErrors } from '../contract.ts';

/** Seconds that a report may be old, or ahead of our clock. */
const tolerance = 300;

const digest = (secret: string, timestamp: number, body: string | Uint8Array) =>
  createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();

export function sign(body: string | Uint8Array, secret: string, at: Date): string {
  const timestamp = Math.floor(at.getTime() / 1000);
  return `t=${timestamp},v1=${digest(secret, timestamp, body).toString('hex')}`;
}

/** The JSON of a report. Throws `payments.invalid-signature`; always, where there is no secret. */
export function readSigned(body: Uint8Array, signature: string, secret: string | undefined, now: Date): unknown {
  if (secret === undefined || !isSigned(body, signature, secret, now)) throw PaymentsErrors.invalidSignature();
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw platformErrors.invalidRequest('The report is signed, and is not JSON.');
  }
}

function isSigned(body: Uint8Array, signature: string, secret: string, now: Date): boolean {
  const parts = signature.split(',').map((part) => part.trim());
  const [timestamp, ...others] = parts.flatMap((part) => /^t=(\d{1,12})$/.exec(part)?.[1] ?? []);
  if (timestamp === undefined || others.length > 0) return false;
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > tolerance) return false;
  const genuine = digest(secret, Number(timestamp), body);
  const given = parts.flatMap((part) => /^v1=([0-9a-f]{64})$/.exec(part)?.[1] ?? []);
  return given.some((hex) => timingSafeEqual(genuine, Buffer.from(hex, 'hex')));
}
