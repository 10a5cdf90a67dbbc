// ADR 0079
/** The pages for people: logging in, and their account. */
import express, { type ErrorRequestHandler } from 'express';
import type { Call } from '#platform/contract.ts';
import { platformErrors } from '#platform/errors.ts';
import type { SiteHandler } from '#platform/site.ts';
import type { AuthApi } from '../../contract.ts';
import type { ForeignProviders } from '../../domain/foreign-providers.ts';
import type { AuthSettings } from '../../settings.ts';
import type { BrowserSessions } from '../../use-cases/browser-sessions.ts';
import type { ForeignLogins } from '../../use-cases/foreign-logins.ts';
import type { LogInAtPage } from '../../use-cases/log-in-at-page.ts';
import { ownPages } from './account.ts';
import { html } from './html.ts';
import { pageKit, type PageKit, tellable } from './kit.ts';
import { noticeOf, statusOf, stylesheet } from './layout.ts';
import { connectionPages, continuePages } from './elsewhere.ts';
import { loggedIn, logInPages } from './login.ts';

export function accountPages(
  settings: AuthSettings,
  sessions: BrowserSessions,
  logIn: LogInAtPage,
  changePassword: Call<typeof AuthApi.changePassword>,
  providers: ForeignProviders,
  foreignLogins: ForeignLogins,
  listIdentities: Call<typeof AuthApi.listIdentities>,
  disconnectIdentity: Call<typeof AuthApi.disconnectIdentity>,
): SiteHandler {
  const kit = pageKit(settings, sessions);
  const started = loggedIn(kit, sessions);
  const styles = stylesheet(kit.shop);
  const app = express().disable('x-powered-by').disable('etag').set('case sensitive routing', true);
  app.get('/account/pages.css', (_request, response) => {
    response.set({ 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' }).end(styles);
  });
  app.use(kit.formSecret);
  app.use(logInPages(kit, logIn, sessions, started, providers.all), ownPages(kit, changePassword));
  app.use(continuePages(kit, foreignLogins, logIn, started));
  app.use(connectionPages(kit, providers, foreignLogins, { list: listIdentities, disconnect: disconnectIdentity }));
  app.use(({ method }) => {
    throw platformErrors.notFound(method === 'POST' ? 'This form leads nowhere.' : 'There is no such page.');
  });
  app.use(asPage(kit));
  return app;
}

/** Tells a person what went wrong. A fault of ours is the gateway's to log. */
const asPage =
  (kit: PageKit): ErrorRequestHandler =>
  (error, _request, response, next) => {
    try {
      const failure = isRefusedForm(error)
        ? platformErrors.invalidRequest('This form cannot be read.')
        : tellable(error);
      kit.send(response, {
        title: failure.kind === 'not-found' ? 'Page not found' : 'That did not work',
        status: statusOf(failure),
        notice: noticeOf(failure, response),
        body: html`<p><a href="/account">Go to your account</a></p>`,
      });
    } catch {
      next(error);
    }
  };

/** Express says so of a body that is no form, or a form with too much in it. */
function isRefusedForm(error: unknown): boolean {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500;
}
