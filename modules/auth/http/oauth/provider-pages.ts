// ADR 0086
/** The pages that oidc-provider asks for, in the shop's layout. */
import type { Response } from 'express';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { Html, html } from '../pages/html.ts';
import type { PageKit } from '../pages/kit.ts';
import type { Page } from '../pages/layout.ts';

function show(kit: PageKit, context: KoaContextWithOIDC, page: Page): void {
  context.respond = false;
  kit.send(context.res as Response, page);
}

export function errorPage(
  kit: PageKit,
  context: KoaContextWithOIDC,
  { error, error_description: description }: { error: string; error_description?: string | undefined },
): void {
  const text = error === 'server_error' ? 'Something went wrong here. Try again in a moment.' : description;
  show(kit, context, {
    title: 'That did not work',
    status: error === 'server_error' ? 500 : 400,
    notice: { kind: 'problem', text: text ?? 'This login has ended. Go back to the application and begin again.' },
    body: html`<p class="muted">${error}</p>`,
  });
}

/** Two fields of oidc-provider's form; the button stands beside it. */
const formOf = (form: string) => new Html(form);

export const devicePages = (kit: PageKit) => ({
  userCodeInputSource(
    context: KoaContextWithOIDC,
    form: string,
    _out?: unknown,
    error?: { name?: string; userCode?: string },
  ) {
    const text =
      error?.name === 'AbortedError'
        ? 'The device gets no access.'
        : 'This code is not right, or it was used before. Try again.';
    const secret = /name="xsrf" value="([^"]*)"/.exec(form)?.[1] ?? '';
    show(kit, context, {
      title: 'Connect a device',
      leads: 'anywhere',
      status: error ? 400 : 200,
      notice: error && { kind: 'problem', text },
      body: html`<form method="post" action="/oauth/device">
        <input type="hidden" name="xsrf" value="${secret}" />
        <p class="field">
          <label for="user_code">The code that the device shows</label>
          <input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" required autofocus />
        </p>
        <button>Go on</button>
      </form>`,
    });
  },
  userCodeConfirmSource(
    context: KoaContextWithOIDC,
    form: string,
    client: { clientName?: string },
    _info: unknown,
    code: string,
  ) {
    show(kit, context, {
      title: 'Connect a device',
      leads: 'anywhere',
      body: html`<p><strong>${client.clientName ?? ''}</strong> wants access from a device that shows this code:</p>
        <p><strong>${code}</strong></p>
        <p>If you see no device with this code before you, do not go on: somebody may want to use your account.</p>
        ${formOf(form)}
        <p><button form="op.deviceConfirmForm">It is the same code</button></p>
        <p><button form="op.deviceConfirmForm" name="abort" value="yes" class="plain">Cancel</button></p>`,
    });
  },
  successSource(context: KoaContextWithOIDC) {
    show(kit, context, {
      title: 'The device is connected',
      notice: { kind: 'success', text: 'You can close this page and go on with the device.' },
      body: html`<p><a href="/account">Your account</a></p>`,
    });
  },
});

export const logoutPages = (kit: PageKit) => ({
  logoutSource(context: KoaContextWithOIDC, form: string) {
    show(kit, context, {
      title: 'Log out?',
      leads: 'anywhere',
      body: html`${formOf(form)}
        <p>
          <button form="op.logoutForm" name="logout" value="yes">Log out</button>
        </p>
        <p><button form="op.logoutForm" class="plain">Stay logged in</button></p>`,
    });
  },
  postLogoutSuccessSource(context: KoaContextWithOIDC) {
    show(kit, context, { title: 'You are logged out', body: html`<p><a href="/account">Log in again</a></p>` });
  },
});
