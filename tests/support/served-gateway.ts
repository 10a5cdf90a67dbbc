/** Modules behind a gateway, each an application on a port of its own: what a client meets where modules run elsewhere. */
import { type OutgoingHttpHeaders, request } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Endpoint } from '#platform/endpoint.ts';
import { HttpFront, type FrontCertificate } from '../../src/gateway/server/http-front.ts';
import { gateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';

export interface Served extends TestGateway {
  readonly url: string;
  readonly front: HttpFront;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export interface ServeOptions extends TestGatewayOptions {
  /** Where it was before; otherwise any free port. */
  readonly port?: number;
  readonly certificate?: FrontCertificate;
}

/** An application on a real port, until the test is over. */
export async function serve(
  endpoints: readonly Endpoint[],
  { port = 0, certificate, ...options }: ServeOptions = {},
): Promise<Served> {
  const created = gateway(endpoints, options);
  const front = await HttpFront.open(created, { host: '127.0.0.1', port }, certificate);
  let ended: Promise<unknown> | undefined;
  const kill = () => (ended ??= Promise.all([front.close(0), created.close()]));
  onTestFinished(async () => void (await kill()));
  return { ...created, url: front.url, front, kill: async () => void (await kill()) };
}

export interface RawAnswer {
  readonly status: number;
  /** As they came: `['ETag', '"1"']`. */
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** Milliseconds after which the client leaves. */
  readonly timeout?: number;
}

/** A request over a connection of its own, and the answer with its headers in their order. */
export const ask = (url: string, { method = 'GET', headers = {}, body, timeout = 20_000 }: Asked = {}) =>
  new Promise<RawAnswer>((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(timeout) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('error', reject);
      answer.on('end', () => {
        const names = answer.rawHeaders.filter((_, index) => index % 2 === 0);
        const pairs = names.map((name, index) => [name, answer.rawHeaders[2 * index + 1]!] as const);
        resolve({ status: answer.statusCode!, headers: pairs, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
