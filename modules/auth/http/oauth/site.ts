// ADR 0086
/** OAuth 2.1 and OpenID Connect as a provider, by oidc-provider, which is loaded when somebody first asks. */
import express from 'express';
import type { SiteHandler } from '#platform/site.ts';
import type { BrowserSessions } from '../../use-cases/browser-sessions.ts';
import { pageKit } from '../pages/kit.ts';
import { interactionPages } from './interactions.ts';
import { oauthServer, type Ports } from './server.ts';

/** The inline script of oidc-provider's own form is allowed by its hash, which it adds. */
const policy = "default-src 'none';script-src 'self';style-src 'self';base-uri 'none';frame-ancestors 'none'";

export function oauthSite(
  settings: Ports['settings'],
  browserSessions: BrowserSessions,
  tokens: Ports['tokens'],
  state: Ports['state'],
  applications: Ports['applications'],
  consents: Ports['consents'],
  authorizations: Ports['authorizations'],
  accounts: Ports['accounts'],
  sessions: Ports['sessions'],
  lifetimes: Ports['lifetimes'],
  clock: Ports['clock'],
  logger: Ports['logger'],
): SiteHandler {
  const kit = pageKit(settings, browserSessions);
  const ports = {
    settings,
    tokens,
    state,
    applications,
    consents,
    authorizations,
    accounts,
    sessions,
    lifetimes,
    clock,
    logger,
  };
  const server = oauthServer(ports, kit);
  const app = express().disable('x-powered-by').disable('etag').set('case sensitive routing', true);
  app.use(interactionPages(server, kit, ports));
  app.use(async (request, response) => {
    response.setHeader('Content-Security-Policy', policy);
    await (await server()).callback()(request, response);
  });
  return app;
}
