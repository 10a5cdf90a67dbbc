// ADR 0079
import { type RequestHandler, Router } from 'express';
import type { Call, OutputOf } from '#platform/contract.ts';
import type { AuthApi } from '../../contract.ts';
import { fieldOf, formProof } from './browser.ts';
import { html } from './html.ts';
import { type PageKit, requireSession } from './kit.ts';

type Listed = OutputOf<typeof AuthApi.listSessions>['data'][number];

/** Shows a person where they are logged in, and lets them end it. */
export function sessionPages(
  kit: PageKit,
  list: Call<typeof AuthApi.listSessions>,
  end: Call<typeof AuthApi.endSession>,
  endOthers: Call<typeof AuthApi.endOtherSessions>,
): Router {
  const show: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    const cursor = typeof request.query.after === 'string' ? request.query.after : undefined;
    const { sessionId, account } = session;
    const { data, nextCursor } = await list({ userId: account.id, sessionId, limit: 50, ...(cursor && { cursor }) });
    kit.send(response, {
      title: 'Where you are logged in',
      notice: request.query.ended === '1' ? ended : undefined,
      body: html`<ul class="list">
          ${data.map(
            (each) =>
              html`<li>
                <div>
                  <strong>${each.current ? 'This browser' : nameOf(each)}</strong><br />
                  <span class="muted"
                    >${each.current && html`${nameOf(each)}. `}Last used
                    <time datetime="${each.lastUsedAt}">${dayOf(each.lastUsedAt)}</time
                    >${each.network !== undefined && html` from ${each.network}`}</span
                  >
                </div>
                ${
                  !each.current &&
                  html`<form method="post" action="/account/sessions/end">
                    ${formProof(response)}<input type="hidden" name="session" value="${each.id}" /><button
                      class="plain small"
                    >
                      Log out<span class="unseen"> ${nameOf(each)}, last used ${dayOf(each.lastUsedAt)}</span>
                    </button>
                  </form>`
                }
              </li>`,
          )}
        </ul>
        ${nextCursor !== null && html`<p><a href="/account/sessions?${String(new URLSearchParams({ after: nextCursor }))}">Show more</a></p>`}
        <form method="post" action="/account/sessions/end-others">
          ${formProof(response)}<button class="plain">Log out everywhere else</button>
        </form>
        <div class="links">
          <p><a href="/account">Back to your account</a></p>
        </div>`,
    });
  };

  const endOne: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    await end({ userId: session.account.id, sessionId: fieldOf(request, 'session') });
    response.redirect(303, '/account/sessions?ended=1');
  };

  const endAll: RequestHandler = async (request, response) => {
    const session = await requireSession(kit, request, response);
    if (!session) return;
    await endOthers({ userId: session.account.id, sessionId: session.sessionId });
    response.redirect(303, '/account/sessions?ended=1');
  };

  const router = Router();
  router.get('/account/sessions', show);
  router.post('/account/sessions/end', ...kit.readForm, endOne);
  router.post('/account/sessions/end-others', ...kit.readForm, endAll);
  return router;
}

const ended = { kind: 'success', text: 'Done: nobody is logged in there any more.' } as const;

const dayOf = (moment: string): string =>
  new Date(moment).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** Names that browsers have in what they call themselves; the first counts, as others pretend to be Chrome or Safari. */
const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['Linux', 'Linux'],
] as const;

/** `Firefox on Linux`, as far as it is known. */
function nameOf({ userAgent = '', application }: Listed): string {
  if (application) return application.name;
  const [browser, system] = [browsers, systems].map((names) => names.find(([mark]) => userAgent.includes(mark))?.[1]);
  if (browser === undefined) return userAgent.split(/[\s/]/)[0] || 'An unknown device';
  return system === undefined ? browser : `${browser} on ${system}`;
}
