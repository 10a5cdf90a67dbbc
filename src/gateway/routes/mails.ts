// ADR 0110
/**
 * The letters that a program without a mail server keeps, as a page: in development, and on this machine alone. They hold
 * secrets, so a name that somebody else's page made lead here (DNS rebinding) is refused.
 */
import type { Request, RequestHandler } from 'express';
import { platformErrors } from '#platform/errors.ts';
import type { KeptMail, KeptMails } from '#runtime/mail/kept-mails.ts';
import { securityHeaders } from '../middleware/security-headers.ts';
import type { Route } from '../routes.ts';
import { escaped } from './escaped.ts';

const none = { 'default-src': ["'none'"], 'base-uri': ["'none'"], 'form-action': ["'none'"] };
const pageHeaders = securityHeaders({
  ...none,
  'style-src': ["'self'"],
  'img-src': ['data:'],
  'frame-src': ["'self'"],
  'frame-ancestors': ["'none'"],
});
/** A mail client's view: styles and nothing else. */
const letterHeaders = securityHeaders({
  ...none,
  'style-src': ["'unsafe-inline'"],
  'img-src': ['data:'],
  'frame-ancestors': ["'self'"],
  sandbox: ['allow-popups', 'allow-popups-to-escape-sandbox'],
});

export const mailRoutes = (mails: KeptMails): Route[] => [
  route(
    '/mails',
    page(async () => list(await mails.list())),
  ),
  route(
    '/mails.json',
    local(async (_request, response) => void response.set('Cache-Control', 'no-store').json(await mails.list())),
  ),
  route(
    '/mails/{id}',
    page(async (request) => one(await found(mails, request))),
  ),
  route(
    '/mails/{id}/html',
    local(async (request, response) => {
      const { html } = await found(mails, request);
      letterHeaders(request, response, () => response.removeHeader('X-Frame-Options'));
      response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).send(html);
    }),
  ),
];

const route = (url: string, answer: RequestHandler): Route => ({
  method: 'GET',
  url,
  access: 'anyone',
  operational: false,
  answer,
});

/** Names that no page of somebody else's has. */
const local =
  (answer: RequestHandler): RequestHandler =>
  (request, response, next) => {
    if (!/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(request.headers.host ?? ''))
      throw platformErrors.notFound('Mails are shown at localhost alone. The command `mails` shows them too.');
    return answer(request, response, next);
  };

const page = (body: (request: Request) => Promise<string>): RequestHandler =>
  local(async (request, response) => {
    const text = await body(request);
    pageHeaders(request, response, () => {});
    response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).send(framed(text));
  });

async function found(mails: KeptMails, { params }: Request): Promise<KeptMail> {
  const mail = await mails.read(String(params.id));
  if (!mail) throw platformErrors.notFound('There is no such mail.');
  return mail;
}

const framed = (main: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Fissile: mails</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/docs/docs.css" />
  </head>
  <body>
    <nav class="pages" aria-label="Mails">
      <strong>Fissile</strong>
      <a href="/mails">Mails</a>
    </nav>
    <main>${main}</main>
  </body>
</html>
`;

function list(mails: readonly KeptMail[]): string {
  const rows = mails.map(
    ({ id, keptAt, to, subject }) =>
      `<tr><th scope="row"><a href="/mails/${id}">${escaped(subject)}</a></th><td>${escaped(to)}</td><td>${escaped(keptAt)}</td></tr>`,
  );
  return `<h1>Mails</h1>
    <p>Without <code>MAIL_URL</code> no mail leaves this program. These would have been sent.</p>
    ${rows.length === 0 ? '<p>None yet.</p>' : `<table><thead><tr><th scope="col">Subject</th><th scope="col">To</th><th scope="col">When</th></tr></thead><tbody>${rows.join('')}</tbody></table>`}`;
}

const one = ({ id, to, subject, text, keptAt }: KeptMail): string => `<h1>${escaped(subject)}</h1>
    <p>To ${escaped(to)}, ${escaped(keptAt)}</p>
    <h2>As HTML</h2>
    <iframe class="letter" title="The mail as HTML" src="/mails/${id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
    <h2>As text</h2>
    <pre>${escaped(text)}</pre>`;
