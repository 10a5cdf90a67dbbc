// ADR 0079
/** Pages behind links that are mailed: a new password, and addresses that are confirmed. Opening one changes nothing, as mail scanners do that too. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Call } from '#platform/contract.ts';
import type { Failure } from '#platform/errors.ts';
import { type AuthApi, AuthErrors, Email } from '../../contract.ts';
import { fieldOf, formProof } from './browser.ts';
import { html } from './html.ts';
import { networkOfRequest, type PageKit, tellable } from './kit.ts';
import { field, noticeOf, statusOf } from './layout.ts';

const longestToken = 200;

/** The token of a link, from its query, or from the form that the page made of it. */
function tokenOf(request: Request, name: string): string {
  const { [name]: given } = request.query;
  const token = request.method === 'POST' ? fieldOf(request, name) : given;
  if (typeof token !== 'string' || token === '' || token.length > longestToken) throw AuthErrors.linkInvalid();
  return token;
}

/** Asking for a new password, and choosing it. */
export function recoveryPages(
  kit: PageKit,
  requestReset: Call<typeof AuthApi.requestPasswordReset>,
  resetPassword: Call<typeof AuthApi.resetPassword>,
): Router {
  function ask(request: Request, response: Response, failure?: Failure): void {
    kit.send(response, {
      title: 'Forgotten your password?',
      status: failure ? statusOf(failure) : 200,
      notice: failure && noticeOf(failure, response),
      body: html`<p>We send you a link with which you choose a new one.</p>
        <form method="post" action="/account/forgotten">
          ${formProof(response)}
          ${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', value: fieldOf(request, 'email'), autofocus: true })}
          <button>Send the link</button>
        </form>
        <div class="links">
          <p><a href="/account/login">Back to the login</a></p>
        </div>`,
    });
  }

  const send: RequestHandler = async (request, response) => {
    try {
      const email = Email.safeParse(fieldOf(request, 'email')).data;
      if (email === undefined) throw AuthErrors.wrongCredentials('This is not an e-mail address.');
      await requestReset({ email, address: networkOfRequest() });
    } catch (error) {
      return ask(request, response, tellable(error));
    }
    kit.send(response, {
      title: 'Look at your mail',
      notice: { kind: 'success', text: 'If the address has an account, a link is on its way to it.' },
      body: html`<p>The link is good for 30 minutes. Look into the folder for spam, too.</p>
        <p><a href="/account/login">Back to the login</a></p>`,
    });
  };

  function choose(token: string, response: Response, failure?: Failure): void {
    kit.send(response, {
      title: 'Choose a new password',
      status: failure ? statusOf(failure) : 200,
      notice: failure && noticeOf(failure, response),
      body: html`<form method="post" action="/account/reset">
        ${formProof(response)}
        <input type="hidden" name="token" value="${token}" />
        <input type="email" name="email" autocomplete="username" hidden />
        ${field({
          name: 'newPassword',
          label: 'New password',
          type: 'password',
          autocomplete: 'new-password',
          autofocus: true,
          hint: 'The longer the better: a few random words are good. You are logged out everywhere.',
        })}
        <button>Save</button>
      </form>`,
    });
  }

  const reset: RequestHandler = async (request, response) => {
    const token = tokenOf(request, 'token');
    try {
      await resetPassword({ token, newPassword: fieldOf(request, 'newPassword'), address: networkOfRequest() });
    } catch (error) {
      const failure = tellable(error);
      if (failure.code === AuthErrors.linkInvalid.code) throw failure;
      return choose(token, response, failure);
    }
    kit.cookies.clear(response, 'session');
    response.redirect(303, '/account/login?reset=1');
  };

  const router = Router();
  router.get('/account/forgotten', (request, response) => ask(request, response));
  router.post('/account/forgotten', ...kit.readForm, send);
  router.get('/account/reset', (request, response) => choose(tokenOf(request, 'token'), response));
  router.post('/account/reset', ...kit.readForm, reset);
  return router;
}

/** Confirming an address: that of a new account (`token`), or another one of an account (`change`). */
export function verifyPages(
  kit: PageKit,
  verifyEmail: Call<typeof AuthApi.verifyEmail>,
  confirmChange: Call<typeof AuthApi.confirmEmailChange>,
): Router {
  const nameOf = ({ query, body, method }: Request) =>
    'change' in (method === 'POST' ? (body as object) : query) ? 'change' : 'token';

  const show: RequestHandler = (request, response) => {
    const name = nameOf(request);
    kit.send(response, {
      title: 'Confirm your e-mail address',
      body: html`<form method="post" action="/account/verify">
        ${formProof(response)}
        <input type="hidden" name="${name}" value="${tokenOf(request, name)}" />
        <button>${name === 'change' ? 'This is my new address' : 'This is my address'}</button>
      </form>`,
    });
  };

  const confirm: RequestHandler = async (request, response) => {
    const name = nameOf(request);
    await (name === 'change' ? confirmChange : verifyEmail)({ token: tokenOf(request, name) });
    kit.send(response, {
      title: 'Thank you',
      notice: { kind: 'success', text: 'Your e-mail address is confirmed.' },
      body: html`<p><a href="/account">Go to your account</a></p>`,
    });
  };

  const router = Router();
  router.get('/account/verify', show).post('/account/verify', ...kit.readForm, confirm);
  return router;
}
