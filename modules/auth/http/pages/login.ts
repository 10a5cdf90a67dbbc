// ADR 0079
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { currentContext } from '#platform/context.ts';
import type { Failure } from '#platform/errors.ts';
import { AuthErrors, Email } from '../../contract.ts';
import type { ForeignProviders } from '../../domain/foreign-providers.ts';
import type { BrowserSessions } from '../../use-cases/browser-sessions.ts';
import type { LogInAtPage } from '../../use-cases/log-in-at-page.ts';
import { fieldOf, formProof } from './browser.ts';
import { type Html, html } from './html.ts';
import { networkOfRequest, type PageKit, tellable, withReturn } from './kit.ts';
import { field, type Notice, noticeOf, statusOf } from './layout.ts';

/** Logging in and out. */
export function logInPages(
  kit: PageKit,
  logIn: LogInAtPage,
  sessions: BrowserSessions,
  { all: elsewhere }: ForeignProviders,
): Router {
  const { cookies, pathHere } = kit;

  const show: RequestHandler = async (request, response) => {
    const session = await kit.sessionOf(request);
    if (session && request.query.again === undefined) return response.redirect(303, pathHere(request.query.to));
    showLogIn(response, { request, email: session?.account.email });
  };

  function showLogIn(response: Response, { request, email, failure, choose }: LogInShown): void {
    kit.send(response, {
      title: choose ? 'Choose a new password' : 'Log in',
      leads: 'anywhere',
      status: failure ? statusOf(failure) : 200,
      notice: failure ? noticeOf(failure, response) : welcome(request),
      body: html`<form method="post" action="${withReturn('/account/login', request)}">
          ${formProof(response)}
          ${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', value: email ?? '', autofocus: !email })}
          ${field({ name: 'password', label: choose ? 'One-time password' : 'Password', type: 'password', autocomplete: 'current-password', autofocus: Boolean(email) })}
          ${choose && newPasswordFields}
          <button>${choose ? 'Save and log in' : 'Log in'}</button>
        </form>
        ${elsewhere.length > 0 && html`<p class="or">or</p>`}
        ${elsewhere.map(
          ({ name, label }) =>
            html`<form method="post" action="${withReturn(`/account/continue/${name}`, request)}">
              ${formProof(response)}
              <button class="plain">Continue with ${label}</button>
            </form>`,
        )}
        <div class="links">
          <p><a href="/account/forgotten">Forgotten your password?</a></p>
          <p>New here? <a href="${withReturn('/account/register', request)}">Open an account</a></p>
        </div>`,
    });
  }

  const enter: RequestHandler = async (request, response) => {
    const [typed, password, newPassword] = ['email', 'password', 'newPassword'].map((name) =>
      fieldOf(request, name),
    ) as [string, string, string];
    const email = Email.safeParse(typed).data;
    try {
      if (email === undefined || password === '' || password.length > longestPassword)
        throw AuthErrors.wrongCredentials();
      const result = await logIn.byPassword(
        {
          email,
          password,
          address: networkOfRequest(),
          deviceToken: cookies.get(request, 'device'),
          ...(newPassword !== '' && { newPassword }),
          ...(fieldOf(request, 'code') !== '' && { code: fieldOf(request, 'code') }),
        },
        currentContext()!.signal,
      );
      if (!('awaited' in result)) return kit.loggedIn(request, response, result, request.query.to);
      cookies.set(response, 'login', result.awaited);
      response.redirect(303, withReturn('/account/login/code', request));
    } catch (error) {
      const failure = tellable(error);
      const choose = failure.code === AuthErrors.passwordChangeRequired.code || newPassword !== '';
      showLogIn(response, { request, email: typed, choose, failure: choose ? asPageSays(failure) : failure });
    }
  };

  function showCode(request: Request, response: Response, failure?: Failure): void {
    kit.send(response, {
      title: 'Enter your code',
      leads: 'anywhere',
      status: failure ? statusOf(failure) : 200,
      notice: failure && noticeOf(failure, response),
      body: html`<form method="post" action="${withReturn('/account/login/code', request)}">
          ${formProof(response)}
          ${field({
            name: 'code',
            label: 'Code',
            autocomplete: 'one-time-code',
            autofocus: true,
            hint: 'Six digits of your authenticator app, or one of your recovery codes.',
          })}
          <button>Go on</button>
        </form>
        <div class="links">
          <p><a href="${withReturn('/account/login', request)}">Log in as somebody else</a></p>
        </div>`,
    });
  }

  const askCode: RequestHandler = (request, response) => {
    if (cookies.get(request, 'login') === undefined)
      return response.redirect(303, withReturn('/account/login', request));
    showCode(request, response);
  };

  const enterCode: RequestHandler = async (request, response) => {
    const [awaited, code] = [cookies.get(request, 'login'), fieldOf(request, 'code').trim()];
    try {
      if (awaited === undefined) throw AuthErrors.loginExpired();
      if (code.length < 6 || code.length > 40) throw AuthErrors.wrongCode();
      kit.loggedIn(
        request,
        response,
        await logIn.byFactor(awaited, { code }, cookies.get(request, 'device')),
        request.query.to,
      );
    } catch (error) {
      const failure = tellable(error);
      if (failure.code !== AuthErrors.loginExpired.code) return showCode(request, response, failure);
      cookies.clear(response, 'login');
      showLogIn(response, { request, failure });
    }
  };

  const leave: RequestHandler = async (request, response) => {
    const secret = cookies.get(request, 'session');
    if (secret !== undefined) await sessions.end(secret);
    cookies.clear(response, 'session');
    const notice: Notice = { kind: 'success', text: 'You are logged out.' };
    kit.send(response, { title: 'Goodbye', notice, body: html`<p><a href="/account/login">Log in again</a></p>` });
  };

  const router = Router();
  router.get('/account/login', show).post('/account/login', ...kit.readForm, enter);
  router.get('/account/login/code', askCode).post('/account/login/code', ...kit.readForm, enterCode);
  router.post('/account/logout', ...kit.readForm, leave);
  return router;
}

interface LogInShown {
  readonly request: Request;
  readonly email?: string | undefined;
  readonly failure?: Failure;
  /** For a one-time password: another one is chosen along with it. */
  readonly choose?: boolean;
}

/** Says what led here: an account that was opened (or was not, as the address had one), or a password that was reset. */
function welcome({ query }: Pick<Request, 'query'>): Notice | undefined {
  if (query.opened === '1')
    return { kind: 'success', text: 'Your account is open, unless the address had one. Log in now.' };
  if (query.reset === '1') return { kind: 'success', text: 'Your password is changed. Log in with it now.' };
  return undefined;
}

const longestPassword = 1_024;

const newPasswordFields: Html = html`${field({ name: 'newPassword', label: 'New password', type: 'password', autocomplete: 'new-password' })}
${field({
  name: 'code',
  label: 'Code of your authenticator app',
  autocomplete: 'one-time-code',
  optional: true,
  hint: 'Only if you have set one up.',
})}`;

/** The API's words are about fields of a request. */
const asPageSays = (failure: Failure): Failure =>
  failure.code === AuthErrors.passwordChangeRequired.code
    ? AuthErrors.passwordChangeRequired('This password is good for one login. Choose another one now.')
    : failure;
