// ADR 0086
/** Logging in and consenting, on the way to an application. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Provider } from 'oidc-provider';
import { platformErrors } from '#platform/errors.ts';
import { assuranceOf } from '../../domain/sessions.ts';
import type { BrowserSession } from '../../use-cases/browser-sessions.ts';
import { fieldOf, formProof } from '../pages/browser.ts';
import { html } from '../pages/html.ts';
import type { PageKit } from '../pages/kit.ts';
import { errorPage } from './provider-pages.ts';
import { newGrant, type Ports } from './server.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Scopes in words; those of the API say themselves what they are. */
const words: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Keep this access when you are not there',
};

export function interactionPages(server: () => Promise<Provider>, kit: PageKit, ports: Ports): Router {
  const path = '/oauth/interaction/:uid';

  const begin: RequestHandler = async (request, response) => {
    const provider = await server();
    const details = await detailsOf(provider, request, response);
    if (!details) return expired(kit, request, response);
    if (details.prompt.name === 'login') return logIn(provider, details, request, response);
    await askConsent(details, request, response);
  };

  /** Goes on with who is logged in at the browser, if that is enough for what the application asks. */
  async function logIn(provider: Provider, details: Details, request: Request, response: Response): Promise<void> {
    const session = await kit.sessionOf(request);
    const again = (to = `/oauth/interaction/${details.uid}`) =>
      response.redirect(303, `/account/login?${new URLSearchParams({ to, ...(session && { again: '1' }) })}`);
    if (!session || !isFresh(session, details)) return again();
    const { account, authenticatedAt, methods } = session;
    const acr = assuranceOf(methods);
    const wanted = (details.params.acr_values as string | undefined)?.split(' ') ?? [];
    if (wanted.includes('urn:fissile:2') && !wanted.includes('urn:fissile:1') && acr !== 'urn:fissile:2') {
      const error = {
        error: 'unmet_authentication_requirements',
        error_description: 'the account has no second factor',
      };
      return finish(provider, request, response, error);
    }
    const ts = Math.floor(authenticatedAt.getTime() / 1_000);
    await finish(
      provider,
      request,
      response,
      { login: { accountId: account.id, acr, amr: [...methods], ts } },
      details,
    );
  }

  async function finish(
    provider: Provider,
    request: Request,
    response: Response,
    result: Parameters<Provider['interactionResult']>[2],
    details?: Details,
  ): Promise<void> {
    const returnTo = await provider.interactionResult(request, response, result, { mergeWithLastSubmission: true });
    // Somebody else has logged in at the browser: what was granted to the one before is not theirs.
    const uid = details?.session?.uid;
    if (uid !== undefined && details?.session?.accountId !== result.login?.accountId) {
      const before = await provider.Session.findByUid(uid);
      if (before) {
        Object.assign(before, { accountId: undefined, authorizations: {} });
        await before.persist();
      }
    }
    response.redirect(303, returnTo);
  }

  async function askConsent(details: Details, request: Request, response: Response): Promise<void> {
    const { params, session } = details;
    const application = await ports.applications.find(String(params.client_id));
    const here = await kit.sessionOf(request);
    if (!application || !session || here?.account.id !== session.accountId) return expired(kit, request, response);
    const { name, logo } = application;
    kit.send(response, {
      title: `Access for ${name}`,
      leads: 'anywhere',
      ...(logo !== null && { picture: true }),
      body: html`${logo !== null && html`<p><img src="${logo}" alt="" width="64" height="64" /></p>`}
        <p><strong>${name}</strong> asks for access to your account ${here.account.email}. It wants to:</p>
        <ul>
          ${scopesOf(params).map((scope) => html`<li>${words[scope] ?? scope}</li>`)}
        </ul>
        <form method="post" action="/oauth/interaction/${details.uid}">
          ${formProof(response)}
          <button name="answer" value="allow">Allow</button>
          <button name="answer" value="deny" class="plain">Do not allow</button>
        </form>`,
    });
  }

  const answer: RequestHandler = async (request, response) => {
    const provider = await server();
    const details = await detailsOf(provider, request, response);
    const here = await kit.sessionOf(request);
    if (!details?.session || details.prompt.name !== 'consent' || here?.account.id !== details.session.accountId)
      return expired(kit, request, response);
    if (fieldOf(request, 'answer') !== 'allow') {
      const error = { error: 'access_denied', error_description: 'the person did not allow it' };
      return finish(provider, request, response, error);
    }
    const { session, params } = details;
    const given = { accountId: session.accountId, applicationId: String(params.client_id), scopes: scopesOf(params) };
    const { authenticatedAt, methods } = here;
    const login = { authenticatedAt: Math.floor(authenticatedAt.getTime() / 1_000), amr: methods };
    if (details.grantId !== undefined) await ports.authorizations.end(details.grantId);
    await ports.consents.give({ ...given, givenAt: ports.clock.now() });
    const grant = await newGrant(provider, ports, { ...given, ...login });
    if (!grant) throw platformErrors.forbidden('This application has no access any more.');
    ports.logger.info('A consent was given.', { userId: given.accountId, applicationId: given.applicationId });
    await finish(provider, request, response, { consent: { grantId: grant.jti } }, undefined);
  };

  const router = Router({ caseSensitive: true });
  router.get(path, kit.formSecret, begin);
  router.post(path, kit.formSecret, ...kit.readForm, answer);
  return router;
}

const scopesOf = (params: Details['params']): string[] =>
  String(params.scope ?? '')
    .split(' ')
    .filter(Boolean);

/** Undefined where it has ended, or is another browser's. */
async function detailsOf(provider: Provider, request: Request, response: Response): Promise<Details | undefined> {
  const details = await provider.interactionDetails(request, response).catch(() => undefined);
  return details?.uid === request.params.uid ? details : undefined;
}

/** Tells whether a login is new enough for what was asked: `prompt=login`, `max_age`, more factors. */
function isFresh({ authenticatedAt, age, methods }: BrowserSession, { prompt, params, iat }: Details): boolean {
  const since = authenticatedAt.getTime();
  const newSince = since >= iat * 1_000;
  if (prompt.reasons.includes('login_prompt') && !newSince) return false;
  if (prompt.reasons.includes('acr') && !newSince && assuranceOf(methods) !== 'urn:fissile:2') return false;
  return params.max_age === undefined || newSince || age <= Number(params.max_age) * 1_000;
}

function expired(kit: PageKit, _request: Request, response: Response): void {
  errorPage(kit, { res: response } as never, { error: 'expired', error_description: undefined });
}
