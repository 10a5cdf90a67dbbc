// ADR 0079
import { type RequestHandler, Router } from 'express';
import type { Call } from '#platform/contract.ts';
import { AuthErrors, type AuthApi } from '../../contract.ts';
import { fieldOf, formProof } from './browser.ts';
import { html } from './html.ts';
import { type PageKit, requireSession, tellable } from './kit.ts';
import { field, noticeOf, statusOf } from './layout.ts';

/** Shows a person their account, and lets them change it. */
export function ownPages(kit: PageKit, changePassword: Call<typeof AuthApi.changePassword>): Router {
  const overview: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    const { name, email } = session.account;
    kit.send(response, {
      title: 'Your account',
      notice: request.query.saved === 'password' ? passwordChanged : undefined,
      body: html`<p>${name}<br /><span class="muted">${email}</span></p>
        <ul class="list">
          <li>
            <div>Password</div>
            <a href="/account/password">Change<span class="unseen"> your password</span></a>
          </li>
          <li>
            <div>Where you are logged in</div>
            <a href="/account/sessions">Show<span class="unseen"> where you are logged in</span></a>
          </li>
          <li>
            <div>Applications with access</div>
            <a href="/account/applications">Show<span class="unseen"> applications with access</span></a>
          </li>
          <li>
            <div>Accounts elsewhere that log you in</div>
            <a href="/account/connections">Show<span class="unseen"> accounts elsewhere</span></a>
          </li>
        </ul>
        <form method="post" action="/account/logout">
          ${formProof(response)}
          <button class="plain">Log out</button>
        </form>`,
    });
  };

  const passwordForm =
    (act: boolean): RequestHandler =>
    async (request, response) => {
      const session = await requireSession(kit, request, response);
      if (!session) return;
      const { account, sessionId } = session;
      let failure;
      if (act) {
        const [currentPassword, newPassword] = [fieldOf(request, 'password'), fieldOf(request, 'newPassword')];
        try {
          if (currentPassword === '') throw AuthErrors.wrongCredentials('The current password is wrong.');
          await changePassword({ userId: account.id, sessionId, currentPassword, newPassword });
          return response.redirect(303, '/account?saved=password');
        } catch (error) {
          failure = tellable(error);
        }
      }
      kit.send(response, {
        title: 'Change your password',
        status: failure ? statusOf(failure) : 200,
        notice: failure && noticeOf(failure, response),
        body: html`<form method="post" action="/account/password">
            ${formProof(response)}
            <input type="email" name="email" value="${account.email}" autocomplete="username" hidden />
            ${field({ name: 'password', label: 'Current password', type: 'password', autocomplete: 'current-password' })}
            ${field({
              name: 'newPassword',
              label: 'New password',
              type: 'password',
              autocomplete: 'new-password',
              hint: 'The longer the better: a few random words are good. You are logged out everywhere else.',
            })}
            <button>Save</button>
          </form>
          <div class="links">
            <p><a href="/account">Back to your account</a></p>
          </div>`,
      });
    };

  const router = Router();
  router.get('/account', overview);
  router.get('/account/password', passwordForm(false)).post('/account/password', ...kit.readForm, passwordForm(true));
  return router;
}

const passwordChanged = {
  kind: 'success',
  text: 'Your password is changed. You are logged out everywhere else.',
} as const;
