// ADR 0079
import { type RequestHandler, Router } from 'express';
import type { Call } from '#platform/contract.ts';
import type { AuthApi } from '../../contract.ts';
import { fieldOf, formProof } from './browser.ts';
import { html } from './html.ts';
import { type PageKit, requireSession } from './kit.ts';

const path = '/account/applications';

/** The applications that a person gave access, and how they take it back. */
export function applicationPages(
  kit: PageKit,
  listConsents: Call<typeof AuthApi.listConsents>,
  revokeConsent: Call<typeof AuthApi.revokeConsent>,
): Router {
  const show: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    const { data } = await listConsents({ userId: session.account.id });
    kit.send(response, {
      title: 'Applications with access',
      notice: request.query.revoked === '1' ? revoked : undefined,
      body: html`<p>
          ${data.length === 0 ? 'No application has access to your account.' : 'You gave these access to your account.'}
        </p>
        <ul class="list">
          ${data.map(
            ({ applicationId, name, scopes }) =>
              html`<li>
                <div><strong>${name}</strong><br /><span class="muted">${scopes.join(', ')}</span></div>
                <form method="post" action="${path}/revoke">
                  ${formProof(response)}
                  <input type="hidden" name="application" value="${applicationId}" />
                  <button class="plain small">Revoke<span class="unseen"> the access of ${name}</span></button>
                </form>
              </li>`,
          )}
        </ul>
        <div class="links">
          <p><a href="/account">Back to your account</a></p>
        </div>`,
    });
  };

  const revoke: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    await revokeConsent({ userId: session.account.id, applicationId: fieldOf(request, 'application') });
    response.redirect(303, `${path}?revoked=1`);
  };

  const router = Router();
  router.get(path, show).post(`${path}/revoke`, ...kit.readForm, revoke);
  return router;
}

const revoked = { kind: 'success', text: 'The application has no access any more.' } as const;
