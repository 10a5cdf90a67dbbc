/** Spoils valid requests in the ways that have broken other programs. */
import fc from 'fast-check';
import type { Endpoint } from '#platform/endpoint.ts';
import type { RawRequest } from './raw-request.ts';
import { requestsTo, type Sample } from './samples.ts';
import { addressOf } from './shop.ts';

/** JSON as text, since not all of it can be made by JSON.stringify. */
const nastyJson = fc.oneof(
  fc.constantFrom(
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\uffff"',
    '"\\u202e"',
    '"\\r\\nX-Evil: 1"',
  ),
  fc.constantFrom(
    '1e400',
    '-1e400',
    '1e21',
    '9007199254740993',
    '9223372036854775808',
    '2147483648',
    '-2147483649',
    '-0',
    '0.1',
    '-1',
    '1e-400',
    'null',
    'true',
    '""',
    '[]',
    '{}',
    '[null]',
    '[[]]',
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"toJSON":1,"toString":1,"length":-1}',
    '"\' OR 1=1 --"',
    '"$1"',
    '"%00"',
    '"../../etc/passwd"',
    '"${7*7}"',
    '"2026-13-45T99:99:99Z"',
    '"00000000-0000-0000-0000-000000000000"',
    '"ffffffff-ffff-ffff-ffff-ffffffffffff"',
  ),
  fc.integer({ min: 1, max: 9_000 }).map((length) => JSON.stringify('ä'.repeat(length))),
  fc.integer({ min: 1, max: 60 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 2_000 }).map((length) => `[${'{},'.repeat(length)}{}]`),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => JSON.stringify(text)),
  fc.json(),
);

const nastyText = fc.constantFrom(
  '%00',
  '%0d%0aX-Evil:%201',
  '%ff%fe',
  '%ed%a0%80',
  '%f0%28%8c%bc',
  '%',
  '%zz',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '.',
  '..',
  '%252e',
  "'%20OR%201=1--",
  '%22',
  '$1',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '-1',
  '0',
  '1e3',
  '0x10',
  '1e400',
  '9'.repeat(40),
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'NaN',
  'true',
  'null',
  '%F0%9F%90%8E',
  'a'.repeat(3_000),
  '',
);

const nastyHeaders = fc.constantFrom<Record<string, string>>(
  { 'if-match': '"999999999999999"' },
  { 'if-match': '"0"' },
  { 'if-match': '"2147483648"' },
  { 'if-match': '"1", "2"' },
  { 'if-match': `"${'1'.repeat(5_000)}"` },
  { 'if-match': '*' },
  { 'if-none-match': '*' },
  { 'if-none-match': '"1",'.repeat(500) },
  { prefer: 'wait=99999999999' },
  { prefer: 'wait=-1' },
  { prefer: `${'wait=,'.repeat(1_000)}` },
  { 'idempotency-key': '' },
  { 'idempotency-key': 'k'.repeat(256) },
  { 'idempotency-key': '\u00ff\u0080' },
  { 'idempotency-key': "';--" },
  { 'idempotency-key': 'one' },
  { 'x-request-id': '\u00ff' },
  { 'x-request-id': 'x'.repeat(5_000) },
  { traceparent: '00-0-0-0' },
  { traceparent: `00-${'f'.repeat(32)}-${'f'.repeat(16)}-zz` },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': `application/${'+'.repeat(5_000)}json` },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br, br, br' },
  { authorization: 'Bearer ' },
  { authorization: `Bearer ${'a.'.repeat(3_000)}` },
  { authorization: 'Basic YTpi' },
  { authorization: 'Bearer eyJ.eyJ.x' },
  { 'x-forwarded-for': "' OR 1=1, \u00ff" },
  { forwarded: 'for=unknown' },
  { host: 'evil.example' },
  { origin: 'null' },
  { accept: 'x'.repeat(2_000) },
  { range: 'bytes=0-0,-1' },
  { 'accept-encoding': `gzip;q=${'0'.repeat(3_000)}` },
  { cookie: '__proto__=1' },
  { 'x-http-method-override': 'DELETE' },
  { 'sandbox-signature': 't=1,v1=00' },
  { 'sandbox-signature': `t=${'9'.repeat(12)},v1=${'0'.repeat(64)}` },
  { expect: '100-continue' },
);

type Spoil = (request: RawRequest) => RawRequest;
const asItIs: Spoil = (request) => request;

/** Every place in a JSON value, as a path. */
function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, part]) => placesIn(part, [...path, name]))];
}

const marker = 'here comes something else';

function replaced(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return marker;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  (copy as Record<string, unknown>)[name] = replaced((copy as Record<string, unknown>)[name], rest);
  return copy;
}

const spoiledBody = (body: unknown): fc.Arbitrary<Spoil> =>
  fc.tuple(fc.constantFrom(...placesIn(body)), nastyJson).map(([place, nasty]) => (request) => ({
    ...request,
    body: JSON.stringify(replaced(body, place)).replace(JSON.stringify(marker), () => nasty),
  }));

const addedField = fc
  .tuple(
    fc.constantFrom('__proto__', 'constructor', 'id', 'userId', 'roles', 'total', '', '\u0000', 'version'),
    nastyJson,
  )
  .map(([name, nasty]): Spoil => ({ body = '{}', ...request }) => ({
    ...request,
    body: body.replace(/^\{/, () => `{${JSON.stringify(name)}:${nasty}${body === '{}' ? '' : ','}`),
  }));

const brokenBody = fc
  .constantFrom(
    '',
    '{',
    '"',
    'null',
    '[]',
    '\u0000',
    '{"a":1}}',
    '\ufeff{}',
    `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
    '['.repeat(5_000),
  )
  .map((body): Spoil => (request) => ({ ...request, body }));

const spoiledPath = fc.tuple(fc.nat(9), nastyText).map(([index, text]): Spoil => (request) => {
  const segments = request.target.split('/');
  segments[1 + (index % (segments.length - 1))] = text;
  return { ...request, target: segments.join('/') };
});

const spoiledParameter = nastyText.map((text): Spoil => (request) => ({
  ...request,
  target: request.target.replace(/\/[^/]*[0-9a-f]{4,}[^/?]*/, () => `/${text}`),
}));

const spoiledQuery = fc
  .tuple(fc.constantFrom('limit', 'cursor', 'orderId', 'customerId', '__proto__', 'a[b]', '%00'), nastyText)
  .map(([name, text]): Spoil => (request) => ({
    ...request,
    target: `${request.target}${request.target.includes('?') ? '&' : '?'}${name}=${text}`,
  }));

const spoiledHeaders = nastyHeaders.map((headers): Spoil => (request) => ({
  ...request,
  headers: { ...request.headers, ...headers },
}));
const otherMethod = fc
  .constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND')
  .map((method): Spoil => (request) => ({ ...request, method }));

/** Requests to an endpoint with one or two things wrong about them, or none. */
export const attacksOn = (endpoint: Endpoint, known: fc.Arbitrary<Record<string, string>>): fc.Arbitrary<RawRequest> =>
  fc.tuple(requestsTo(endpoint), known).chain(([sample, real]) => {
    const request = rawRequest(endpoint, {
      ...sample,
      path: { ...sample.path, ...pick(real, Object.keys(sample.path)) },
    });
    const spoils: fc.Arbitrary<Spoil>[] = [spoiledHeaders, spoiledQuery, brokenBody, addedField];
    if (sample.body) spoils.push(spoiledBody(sample.body), spoiledBody(sample.body), spoiledBody(sample.body));
    if (Object.keys(sample.path).length > 0) spoils.push(spoiledParameter, spoiledParameter);
    return fc
      .tuple(
        fc.oneof(...spoils),
        fc.oneof({ weight: 4, arbitrary: fc.constant(asItIs) }, spoiledHeaders, spoiledPath, otherMethod),
      )
      .map(([first, second]) => second(first(request)));
  });

const pick = (from: Record<string, string>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]!]));

const rawRequest = (endpoint: Endpoint, sample: Sample): RawRequest => ({
  method: endpoint.method,
  target: addressOf(endpoint, sample),
  headers: sample.body ? { 'content-type': 'application/json' } : {},
  body: sample.body && JSON.stringify(sample.body),
});
