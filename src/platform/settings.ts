// ADR 0054
/**
 * Settings: a zod object with an environment variable for each field. The configuration, documentation, `.env.example`, the
 * command `settings` and the messages about wrong values come from it.
 */
import { z } from 'zod';

/** Facts about a setting that its type does not tell. */
type Facts = {
  /** Its value is shown and logged nowhere. */
  readonly secret?: true;
  /** The value without it, in words, where that is no fixed default. */
  readonly without?: string;
  /** A start in production is refused without it. */
  readonly production?: 'needed';
  /** The one process of a topology that gets it. */
  readonly topology?: 'gateway';
};

/** For `.meta`: `z.string().optional().meta(about('signs its webhooks', { secret: true }))`. */
export const about = (description: string, facts: Facts = {}): Facts & { readonly description: string } => ({
  description,
  ...facts,
});

/** A whole number. */
export const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** A time that is set in seconds and read in milliseconds. */
export const seconds = (byDefault: number, most: number) =>
  z.coerce
    .number()
    .positive()
    .max(most)
    .default(byDefault)
    .transform((value) => value * 1000);

/** An origin as browsers send it: in lower case, without the port that goes without saying, and without a path. */
export const browserOrigin = z.string().transform((text, context) => {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && /^[^/]+:\/\/[^/?#@*]+\/?$/.test(text);
  if (isOrigin) return url.origin;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is no origin; give scheme, host and port only, such as https://shop.example`,
  });
  return z.NEVER;
});

/** Settings of the program that a module may read too. */
export const shared = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development')
    .meta(about('"production" is stricter about secrets, and listens on all addresses')),
  PUBLIC_URL: browserOrigin
    .default('http://localhost:3000')
    .meta(
      about(
        'the origin that people use, such as https://shop.example: pages, links in mails and OpenID Connect are made with it, and never with the Host of a request',
        { without: 'http://localhost:PORT' },
      ),
    ),
  TOKEN_ISSUER: z.string().min(1).default('fissile').meta(about('`iss` of access tokens')),
  TOKEN_AUDIENCE: z.string().min(1).default('fissile').meta(about('`aud` of access tokens')),
};
