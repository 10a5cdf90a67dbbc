// ADR 0079
/** The pages for people: logging in, and their account. */
import express, { type ErrorRequestHandler, type Router } from 'express';
import { platformErrors } from '#platform/errors.ts';
import type { SiteHandler } from '#platform/site.ts';
import { html } from './html.ts';
import { type PageKit, tellable } from './kit.ts';
import { noticeOf, statusOf, stylesheet } from './layout.ts';

export function accountPages(kit: PageKit, ...pages: readonly Router[]): SiteHandler {
  const styles = stylesheet(kit.shop);
  const app = express().disable('x-powered-by').disable('etag').set('case sensitive routing', true);
  app.get('/account/pages.css', (_request, response) => {
    response.set({ 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'public, max-age=3600' }).end(styles);
  });
  app.use(kit.formSecret);
  app.use(...pages);
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
