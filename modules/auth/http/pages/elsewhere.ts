// ADR 0084
/** Logging in with accounts at other providers, and the list of those that are connected. */
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Call } from '#platform/contract.ts';
import { currentContext } from '#platform/context.ts';
import { AuthErrors, type AuthApi } from '../../contract.ts';
import type { ForeignProviders } from '../../domain/foreign-providers.ts';
import type { ForeignLogins } from '../../use-cases/foreign-logins.ts';
import type { LogInAtPage } from '../../use-cases/log-in-at-page.ts';
import { formProof } from './browser.ts';
import { html } from './html.ts';
import { networkOfRequest, type PageKit, requireRecentLogin, requireSession, tellable } from './kit.ts';
import { noticeOf, statusOf } from './layout.ts';

const list = '/account/connections';

/** `/account/continue/{provider}`, and where the provider sends the browser back to. */
export function continuePages(kit: PageKit, logins: ForeignLogins, logIn: LogInAtPage): Router {
  const { cookies, pathHere } = kit;

  const begin: RequestHandler<{ provider: string }> = async ({ params, query }, response) => {
    await leave(kit, response, logins.begin(params.provider, { returnTo: pathHere(query.to) }));
  };

  /** Apple answers by POST, to which the browser adds no cookie of ours: it comes again by GET. */
  const passOn: RequestHandler<{ provider: string }> = ({ params, body }, response) => {
    const answer = new URLSearchParams();
    for (const name of ['code', 'state', 'error', 'iss']) {
      const value = (body as Readonly<Record<string, unknown>>)[name];
      if (typeof value === 'string') answer.set(name, value);
    }
    response.redirect(303, `/account/continue/${encodeURIComponent(params.provider)}/callback?${answer}`);
  };

  const finish: RequestHandler<{ provider: string }> = async (request, response) => {
    const browser = cookies.get(request, 'foreign');
    cookies.clear(response, 'foreign');
    try {
      if (browser === undefined) throw AuthErrors.foreignLoginFailed();
      const answer = new URL(request.originalUrl, 'http://localhost').searchParams;
      const outcome = await logins.finish(
        request.params.provider,
        { browser, answer, address: networkOfRequest() },
        currentContext()!.signal,
      );
      if (outcome.kind === 'connected') return response.redirect(303, outcome.returnTo);
      const { proved, hasFactor, returnTo } = outcome;
      const result = await logIn.byProvider(proved, hasFactor, cookies.get(request as Request, 'device'));
      if (!('awaited' in result)) return kit.loggedIn(request as Request, response, result, returnTo);
      cookies.set(response, 'login', result.awaited);
      response.redirect(303, `/account/login/code?${new URLSearchParams({ to: returnTo })}`);
    } catch (error) {
      const failure = tellable(error);
      kit.send(response, {
        title: 'That did not work',
        status: statusOf(failure),
        notice: noticeOf(failure, response),
        body: html`<p><a href="/account/login">Back to the login</a></p>`,
      });
    }
  };

  const router = Router();
  router.post('/account/continue/:provider', ...kit.readForm, begin);
  router.post('/account/continue/:provider/callback', express.urlencoded({ extended: false, limit: 50_000 }), passOn);
  router.get('/account/continue/:provider/callback', finish);
  return router;
}

/** The person's accounts elsewhere. */
export function connectionPages(
  kit: PageKit,
  providers: ForeignProviders,
  logins: ForeignLogins,
  listIdentities: Call<typeof AuthApi.listIdentities>,
  disconnectIdentity: Call<typeof AuthApi.disconnectIdentity>,
): Router {
  const labelOf = (provider: string) => providers.all.find(({ name }) => name === provider)?.label ?? provider;

  const show: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    const { data } = await listIdentities({ userId: session.account.id });
    kit.send(response, {
      title: 'Accounts elsewhere',
      leads: 'anywhere',
      body: html`<p>${data.length === 0 ? 'No account elsewhere logs you in.' : 'These log you in here.'}</p>
        <ul class="list">
          ${data.map(
            ({ id, provider, email }) =>
              html`<li>
                <div>${labelOf(provider)}<br /><span class="muted">${email}</span></div>
                <form method="post" action="${list}/${id}/disconnect">
                  ${formProof(response)}
                  <button class="plain small">Disconnect<span class="unseen"> ${labelOf(provider)}</span></button>
                </form>
              </li>`,
          )}
        </ul>
        ${providers.all.map(
          ({ name, label }) =>
            html`<form method="post" action="${list}/${name}">
              ${formProof(response)}
              <button class="plain">Connect ${label}</button>
            </form>`,
        )}
        <div class="links">
          <p><a href="/account">Back to your account</a></p>
        </div>`,
    });
  };

  const connect: RequestHandler<{ provider: string }> = async (request, response) => {
    const session = await requireRecentLogin(kit, request as Request, response, list);
    if (!session) return;
    await leave(
      kit,
      response,
      logins.begin(request.params.provider, { returnTo: list, connectTo: session.account.id }),
    );
  };

  const disconnect: RequestHandler<{ id: string }> = async (request, response) => {
    const session = await requireRecentLogin(kit, request as Request, response, list);
    if (!session) return;
    await disconnectIdentity({ userId: session.account.id, identityId: request.params.id });
    response.redirect(303, list);
  };

  const router = Router();
  router.get(list, show);
  router.post(`${list}/:id/disconnect`, ...kit.readForm, disconnect);
  router.post(`${list}/:provider`, ...kit.readForm, connect);
  return router;
}

/** Sends the browser to a provider, with the token by which it is known again. */
async function leave(
  { cookies }: PageKit,
  response: Response,
  begun: ReturnType<ForeignLogins['begin']>,
): Promise<void> {
  const { url, browser } = await begun;
  cookies.set(response, 'foreign', browser);
  response.redirect(303, url);
}
