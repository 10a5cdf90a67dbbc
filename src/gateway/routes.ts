import type { Access } from '#platform/http/endpoint.ts';
import type { Exchange, RouteName } from '#platform/http/exchange.ts';
import type { SentAnswer } from '#platform/http/rendered-answer.ts';
import type { Parameters } from '#platform/http/route-table.ts';

/** What the gateway serves under one method and path. */
export interface Route extends RouteName {
  readonly method: string;
  readonly access: Access;
  /** Milliseconds for the whole answer where it may take longer than others. */
  readonly timeout?: number | undefined;
  /** Undefined when it was sent already, in parts. */
  answer(exchange: Exchange, parameters: Parameters): Promise<SentAnswer | undefined>;
}
