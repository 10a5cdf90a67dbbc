// ADR 0079
/** The frame and the headers of all pages, and how they say that something went wrong. */
import type { Response } from 'express';
import { readAsset } from '#platform/assets.ts';
import type { Failure } from '#platform/errors.ts';
import { readable, textOn } from './colours.ts';
import { type Html, html } from './html.ts';

export interface Shop {
  readonly name: string;
  /** As SHOP_COLOUR has it, `#0b57d0`. */
  readonly colour: string;
}

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** The places that a form of the page may lead to in the end, which browsers check: `anywhere` for one that leads back to an application. */
  readonly leads?: 'anywhere';
  /** Above the body: something went wrong, or it went well. */
  readonly notice?: Notice | undefined;
}

export interface Notice {
  readonly kind: 'problem' | 'success';
  readonly text: string;
}

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join(';');

/** Sends a page. It is nobody else's, so nothing keeps it; it may hold a secret beside what was typed, so it is not compressed (BREACH). */
export function sendPage(response: Response, shop: Shop, { status = 200, leads, ...page }: Page): void {
  response.status(status).set({
    'Content-Security-Policy': leads === 'anywhere' ? policy : `${policy};form-action 'self'`,
    'Cache-Control': 'no-store, no-transform',
    'Content-Type': 'text/html; charset=utf-8',
  });
  response.end(pageText(shop, page));
}

const pageText = (shop: Shop, { title, body, notice }: Pick<Page, 'title' | 'body' | 'notice'>): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${notice?.kind === 'problem' && 'Error: '}${title} · ${shop.name}</title>
        <link rel="stylesheet" href="/account/pages.css" />
      </head>
      <body>
        <header><a href="/account">${shop.name}</a></header>
        <main>
          <h1>${title}</h1>
          ${notice && html`<p class="notice ${notice.kind}" role="${notice.kind === 'problem' ? 'alert' : 'status'}">${notice.text}</p>`}
          ${body}
        </main>
      </body>
    </html> `.text;

const [lightPage, darkPage] = ['#ffffff', '#1c2026'];

/** The style of all pages, with the shop's colour where it can be read. */
export function stylesheet({ colour }: Shop): string {
  const [light, dark] = [readable(colour, lightPage), readable(colour, darkPage)];
  return `:root {
  --accent: light-dark(${light}, ${dark});
  --on-accent: light-dark(${textOn(light)}, ${textOn(dark)});
}
${readAsset('modules/auth/http/pages/pages.css')}`;
}

/** The status of a page that says what went wrong with what was sent. */
export const statusOf = ({ kind }: Failure): number =>
  ({ 'not-found': 404, forbidden: 403, 'too-many': 429, unavailable: 503, internal: 500 } as Record<string, number>)[
    kind
  ] ?? 400;

/** A failure as a page says it, with when to try again. */
export function noticeOf(failure: Failure, response: Response): Notice {
  const { message, fields, retryAfter } = failure;
  if (retryAfter !== undefined) response.set('Retry-After', String(Math.max(1, Math.ceil(retryAfter))));
  return { kind: 'problem', text: fields?.map((field) => field.message).join(' ') || message };
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: string;
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly hint?: string | undefined;
  readonly optional?: boolean;
  readonly inputmode?: string;
  readonly autofocus?: boolean;
}

/** A field of a form with its label; passwords are never sent back. */
export const field = ({
  name,
  label,
  type = 'text',
  autocomplete,
  value,
  hint,
  optional,
  inputmode,
  autofocus,
}: Field): Html =>
  html`<p class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      autocomplete="${autocomplete}"
      ${value !== undefined && html` value="${value}"`}${hint !== undefined && html` aria-describedby="${name}-hint"`}${inputmode !== undefined && html` inputmode="${inputmode}"`}${!optional && html` required`}${autofocus && html` autofocus`}
    />
    ${hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`}
  </p>`;
