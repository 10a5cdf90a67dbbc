// ADR 0078
/**
 * A module's pages and protocols that endpoints in zod cannot express: its own handler for some paths. The gateway serves it
 * as it serves endpoints, with the same limits, log, metrics and traces, wherever the module runs.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * `/account/*` is that path and all below it, `/.well-known/openid-configuration` that path alone. It is the name of the
 * route in logs, metrics and traces.
 */
export type SitePath = `/${string}`;

/**
 * An Express application, or any other that takes Node's messages. It gets GET, HEAD and POST, in a context with the
 * client's origin and trace. A request comes as if it had been sent to PUBLIC_URL, whatever Host it names; its body is
 * there whole, within the gateway's limits, and unread. `next` is the gateway's answer: to an error, or 404.
 */
export type SiteHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;
