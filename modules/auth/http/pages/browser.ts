// ADR 0079
/** The cookies of a browser, and the proof that a form of ours was sent from a page of ours. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { platformErrors } from '#platform/errors.ts';
import { type Html, html } from './html.ts';

const day = 24 * 60 * 60 * 1_000;

/** Milliseconds that each is kept; without, until the browser is closed. */
const kept = {
  session: 90 * day,
  device: 180 * day,
  login: 10 * 60 * 1_000,
  foreign: 10 * 60 * 1_000,
  form: undefined,
};
type CookieName = keyof typeof kept;

/** Bytes of a form. */
const formLimit = 50_000;

export type Cookies = ReturnType<typeof cookiesOf>;

/**
 * Over HTTPS their names begin with `__Host-`: no other host, and no page that came without TLS, can set them. Plain HTTP,
 * for development, has them without.
 */
export function cookiesOf(publicUrl: string) {
  const secure = publicUrl.startsWith('https:');
  const nameOf = (name: CookieName) => `${secure ? '__Host-' : ''}${name}`;
  const options = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const;
  return {
    get({ headers }: Pick<Request, 'headers'>, name: CookieName): string | undefined {
      const start = `${nameOf(name)}=`;
      const found = headers.cookie?.split(/; */).find((pair) => pair.startsWith(start));
      return found?.slice(start.length) || undefined;
    },
    set(response: Response, name: CookieName, value: string): void {
      const maxAge = kept[name];
      response.cookie(nameOf(name), value, { ...options, ...(maxAge !== undefined && { maxAge }) });
    },
    clear(response: Response, name: CookieName): void {
      response.clearCookie(nameOf(name), options);
    },
  };
}

const newSecret = (): string => randomBytes(32).toString('base64url');
const secretLength = newSecret().length;

/** Gives a browser the secret of its forms, which only pages of ours can read. */
export const formSecret =
  (cookies: Cookies): RequestHandler =>
  (request, response, next) => {
    const known = cookies.get(request, 'form');
    const secret = known?.length === secretLength ? known : newSecret();
    if (secret !== known) cookies.set(response, 'form', secret);
    response.locals.formSecret = secret;
    next();
  };

/** A hidden field with that secret: each form of ours begins with it. */
export const formProof = (response: Response): Html =>
  html`<input type="hidden" name="form" value="${response.locals.formSecret as string}" />`;

/** Reads a form into `request.body`, and refuses one that no page of ours has sent (CSRF). */
export const readForm = (cookies: Cookies): readonly RequestHandler[] => [
  express.urlencoded({ extended: false, limit: formLimit, parameterLimit: 100 }),
  (request, _response, next) => {
    const site = request.headers['sec-fetch-site'];
    const [expected, given] = [cookies.get(request, 'form'), fieldOf(request, 'form')];
    const isOurs = (site === undefined || site === 'same-origin') && expected !== undefined && isSame(expected, given);
    next(
      isOurs ? undefined : platformErrors.forbidden('This form was open for too long, or it was not sent from here.'),
    );
  },
];

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A field of the form, exactly as it was typed; empty where there is none. */
export function fieldOf(request: Request, name: string): string {
  const value = (request.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

/** The path to go on to after logging in: one of our own, whatever was asked for. */
export function pathHere(wanted: unknown, publicUrl: string, otherwise: string): string {
  const url = typeof wanted === 'string' && wanted.startsWith('/') ? URL.parse(wanted, publicUrl) : null;
  return url?.origin === publicUrl ? url.pathname + url.search + url.hash : otherwise;
}
