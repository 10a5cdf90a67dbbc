/** The parts of the OpenAPI document that do not come from an endpoint but are referred to by many. */

export const problemSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'names the kind of problem; the code as a URN' },
    title: { type: 'string', description: 'the same for every problem of this code' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'the problem this time, for a person' },
    code: { type: 'string', description: 'stable, for programs' },
    requestId: { type: 'string', description: 'finds the request in the log' },
    errors: {
      type: 'array',
      description: 'the fields that were refused',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'string', description: 'a JSON Pointer, such as /items/0/quantity' },
          message: { type: 'string' },
        },
      },
    },
  },
} as const;

export const parameters = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes the request safe to repeat: the same key and body give one effect and the same answer, with `Idempotency-Replayed: true`. Another body is 422, a request in flight 409. Keys are kept for 24 hours. Without a token, a key holds within the network of its sender (IPv4 address, IPv6 /64).',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  PreferWait: {
    name: 'Prefer',
    in: 'header',
    description: '`wait=5` holds the answer until it is final, for up to 5 seconds (30 at most).',
    schema: { type: 'string' },
    example: 'wait=5',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description:
      'The `ETag` that you read, such as `"3"`: if it has changed since, the answer is 412 and nothing is changed. One version, or `*` for any.',
    schema: { type: 'string', pattern: '^\\s*(\\*|"[1-9][0-9]{0,9}")\\s*$' },
    example: '"3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` that you have, such as `"3"`: if it has not changed, the answer is 304 without a body.',
    schema: { type: 'string' },
    example: '"3"',
  },
} as const;

const text = (description: string) => ({ description, schema: { type: 'string' } });

export const headers = {
  ETag: text('The version, for `If-Match` and `If-None-Match`.'),
  Location: text('The URL of the new resource.'),
  IdempotencyReplayed: text('`true`: this is the answer to an earlier request with the same key.'),
  PreferenceApplied: text('The preference that was applied.'),
  RequestId: text('The id of the request: yours, or a new one.'),
  RateLimit: text('The requests left, and the seconds until they are renewed: `"default";r=99;t=60`.'),
  RateLimitPolicy: text('The quota and its window in seconds: `"default";q=100;w=60`.'),
  RetryAfter: { description: 'Seconds after which to try again.', schema: { type: 'integer' } },
  WWWAuthenticate: text('The authentication scheme to use.'),
  Deprecation: text('The time from which this is deprecated (RFC 9745).'),
  Sunset: text('The time at which this goes away (RFC 8594).'),
} as const;

/** As they are called in HTTP; components cannot have a hyphen in what programs make of their names. */
export const headerNames: Readonly<Record<keyof typeof headers, string>> = {
  ETag: 'ETag',
  Location: 'Location',
  IdempotencyReplayed: 'Idempotency-Replayed',
  PreferenceApplied: 'Preference-Applied',
  RequestId: 'X-Request-Id',
  RateLimit: 'RateLimit',
  RateLimitPolicy: 'RateLimit-Policy',
  RetryAfter: 'Retry-After',
  WWWAuthenticate: 'WWW-Authenticate',
  Deprecation: 'Deprecation',
  Sunset: 'Sunset',
};

export const introduction = `Bodies are JSON in camelCase. Unknown fields are refused.

**Authentication.** Send \`Authorization: Bearer <accessToken>\`; \`expiresIn\` beside it tells for how many seconds it holds.

**Errors** are problem details (RFC 9457) with a stable \`code\`.

**Retries.** Where \`Idempotency-Key\` is accepted, a request is safe to repeat.

**Pages.** Lists come by pages: pass \`nextCursor\` as \`cursor\` to get the next one; on the last page it is null.

**Concurrent changes.** Where there is an \`ETag\`, \`If-Match\` keeps you from overwriting somebody else's change.

**Limits** are shown in \`RateLimit\` headers; beyond them the answer is 429 with \`Retry-After\`.

**Every endpoint** can also answer 405 for a method that is not listed, 400 for a request that cannot be read, 408 for one that takes
too long to arrive, 431 for headers that are too large, and 501 for a transfer coding other than chunked.`;
