import type { Principal } from '#platform/context.ts';
import type { Access } from '#platform/endpoint.ts';
import type { Exchange, RouteName } from '#runtime/http/exchange.ts';
import type { SentAnswer } from '#runtime/http/rendered-answer.ts';
import type { Parameters } from '#runtime/http/route-table.ts';

/** What the gateway serves under one method and path. */
export interface Route extends RouteName {
  readonly method: string;
  readonly access: Access;
  /** Milliseconds for the whole answer where it may take longer than others. */
  readonly timeout?: number | undefined;
  /** Undefined when it was sent already, in parts. */
  answer(exchange: Exchange, parameters: Parameters): Promise<SentAnswer | undefined>;
}

/** Probes and administrators get in when nobody else does: they are who can do something about it. */
export const isExempt = (route: Route | undefined, principal: Principal | undefined): boolean =>
  route !== undefined && (route.operational || route.access === 'admin' || principal?.roles.includes('admin') === true);
