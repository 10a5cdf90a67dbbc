import type { z } from 'zod';
import { forAnswers } from './answer-schema.ts';
import type { Answer, Endpoint } from '#platform/endpoint.ts';
import { entityTag } from './preconditions.ts';
import type { RenderedAnswer } from './rendered-answer.ts';

/** Makes what turns the answers of one endpoint into what is sent: only what its schema names leaves (S31). */
export function answerWriter(endpoint: Endpoint): (answer: Answer<unknown>) => RenderedAnswer {
  const schema: z.ZodType | undefined = endpoint.answers.body && forAnswers(endpoint.answers.body);
  const always = deprecation(endpoint);
  const cachable = endpoint.method === 'GET' && endpoint.versioned === true;
  // An answer that needs a token is somebody's own: no cache keeps it, not even the browser's on a shared machine (RFC 9111, 5.2.2.5).
  const caching = cachable && endpoint.access === 'anyone' ? 'no-cache' : 'no-store';

  return ({ status, body, stream, version, headers = {} }) => {
    const all = [...always];
    if (headers['cache-control'] === undefined) all.push('Cache-Control', caching);
    for (const name of Object.keys(headers)) all.push(name, headers[name]!);
    if (version !== undefined) all.push('ETag', entityTag(version));
    if (schema === undefined) return { status, headers: all, body: undefined };
    all.push('Content-Type', `${mediaTypeOf(endpoint)}; charset=utf-8`);
    if (stream !== undefined) return { status, headers: all, body: undefined };
    return { status, headers: all, body: JSON.stringify(schema.parse(body)) };
  };
}

export const mediaTypeOf = ({ answers }: Endpoint): string =>
  answers.jsonLines ? 'application/jsonl' : 'application/json';

/** RFC 9745 has a timestamp, RFC 8594 an HTTP date. */
function deprecation({ deprecated }: Endpoint): string[] {
  if (!deprecated) return [];
  const since = ['Deprecation', `@${Date.parse(deprecated.since) / 1000}`];
  return deprecated.sunset === undefined ? since : [...since, 'Sunset', new Date(deprecated.sunset).toUTCString()];
}
