/** Signatures of the sandbox's reports, in the form that Stripe uses: `t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PaymentsErrors } from '../contract.ts';

/** Seconds that a report may be old, or ahead of our clock. */
export const signatureTolerance = 300;

const digest = (secret: string, timestamp: number, body: string) =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest();

export function sign(body: string, secret: string, at: Date): string {
  const timestamp = Math.floor(at.getTime() / 1000);
  return `t=${timestamp},v1=${digest(secret, timestamp, body).toString('hex')}`;
}

/** Throws `payments.invalid-signature`; always, where there is no secret. */
export function checkSignature(body: string, signature: string, secret: string | undefined, now: Date): void {
  const [, timestamp, hex] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (secret === undefined || timestamp === undefined || hex === undefined) throw PaymentsErrors.invalidSignature();
  const genuine = timingSafeEqual(digest(secret, Number(timestamp), body), Buffer.from(hex, 'hex'));
  const age = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (!genuine || age > signatureTolerance) throw PaymentsErrors.invalidSignature();
}
