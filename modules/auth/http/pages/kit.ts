// ADR 0079
/** The tools of pages, also for those of the OAuth server: who is logged in, forms, and how a page is sent. */
import type { Request, RequestHandler, Response } from 'express';
import { currentContext } from '#platform/context.ts';
import { Failure, platformErrors } from '#platform/errors.ts';
import type { AuthSettings } from '../../settings.ts';
import type { BrowserSession, BrowserSessions, Started } from '../../use-cases/browser-sessions.ts';
import { cookiesOf, type Cookies, formSecret, pathHere, readForm } from './browser.ts';
import { type Page, sendPage, type Shop } from './layout.ts';

export abstract class PageKit {
  abstract readonly cookies: Cookies;
  abstract readonly shop: Shop;
  /** For every page with a form; then `formProof(response)` in the form, and `readForm` before its POST. */
  abstract readonly formSecret: RequestHandler;
  abstract readonly readForm: readonly RequestHandler[];
  abstract send(response: Response, page: Page): void;
  /** Who is logged in at the browser that asks. */
  abstract sessionOf(request: Request): Promise<BrowserSession | undefined>;
  /** Answers who has logged in: gives the browser its session, and leads on to `to`. */
  abstract loggedIn(request: Request, response: Response, started: Started, to: unknown): void;
  /** A path of our own, whatever was asked for. */
  abstract pathHere(wanted: unknown, otherwise?: string): string;
}

export function pageKit(settings: AuthSettings, sessions: BrowserSessions): PageKit {
  const cookies = cookiesOf(settings.PUBLIC_URL);
  const shop = { name: settings.SHOP_NAME, colour: settings.SHOP_COLOUR };
  return {
    cookies,
    shop,
    formSecret: formSecret(cookies),
    readForm: readForm(cookies),
    send: (response, page) => sendPage(response, shop, page),
    async sessionOf(request) {
      const secret = cookies.get(request, 'session');
      return secret === undefined ? undefined : sessions.find(secret);
    },
    loggedIn(request, response, { secret, device }, to) {
      const before = cookies.get(request, 'session');
      cookies.set(response, 'session', secret);
      if (device !== undefined) cookies.set(response, 'device', device);
      cookies.clear(response, 'login');
      // Who logs in again has one session, and not two.
      if (before !== undefined) void sessions.end(before).catch(() => {});
      response.redirect(303, this.pathHere(to));
    },
    pathHere: (wanted, otherwise = '/account') => pathHere(wanted, settings.PUBLIC_URL, otherwise),
  };
}

/** The path of the login of somebody who then goes on to `path`; `again` asks who is logged in already, too. */
const logInPath = (path: string, { again = false } = {}): string =>
  `/account/login?${new URLSearchParams({ to: path, ...(again && { again: '1' }) })}`;

/** The failure that a person is told; a fault of ours goes on to the gateway's log. */
export function tellable(error: unknown): Failure {
  if (error instanceof Failure && error.kind !== 'internal') return error;
  throw error;
}

/** Milliseconds after which who changes the ways in to their account logs in again first. */
const recently = 15 * 60_000;

/** The session of somebody who has logged in lately; others do so now, and come back to `path`. */
export async function requireRecentLogin(
  kit: PageKit,
  request: Request,
  response: Response,
  path: string,
): Promise<BrowserSession | undefined> {
  const session = await requireSession(kit, request, response);
  if (!session || session.age < recently) return session;
  response.redirect(303, logInPath(path, { again: true }));
  return undefined;
}

/** The session of a page that is for who is logged in; others log in first. */
export async function requireSession(
  kit: PageKit,
  request: Request,
  response: Response,
): Promise<BrowserSession | undefined> {
  const session = await kit.sessionOf(request);
  if (session) return session;
  if (request.method === 'POST') throw platformErrors.forbidden('You are not logged in any more. Log in again.');
  response.redirect(303, logInPath(request.originalUrl));
  return undefined;
}

/** The network that attempts are counted by. */
export const networkOfRequest = (): string => currentContext()?.origin?.network ?? '';

/** A path of ours with where to go on afterwards, as the request has it. */
export function withReturn(
  path: string,
  { query }: Pick<Request, 'query'>,
  further: Record<string, string> = {},
): string {
  const { to } = query;
  const parameters = new URLSearchParams({ ...(typeof to === 'string' && { to }), ...further });
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
