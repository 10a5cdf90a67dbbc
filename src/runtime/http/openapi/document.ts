/** The OpenAPI 3.1 document of the endpoints that this process serves; it comes from nothing but their declarations. */
import type { z } from 'zod';
import type { ErrorDefinition } from '#platform/errors.ts';
import { platformErrors } from '#platform/errors.ts';
import { type Endpoint, roleFor } from '#platform/endpoint.ts';
import { type JsonSchema, NamedSchemas } from '../../named-schemas.ts';
import { mediaTypeOf } from '../answer-writer.ts';
import { httpErrors, statusOf } from '../http-errors.ts';
import { problemType } from '../problem.ts';
import { securityOf, securitySchemes, whoMay } from './security.ts';
import { headerNames, headers, introduction, parameters, problemSchema } from './shared.ts';

export interface DocumentedModule {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** By name, each with what it allows. */
  readonly scopes: Readonly<Record<string, string>>;
}

interface Components {
  readonly schemas: NamedSchemas;
  readonly responses: Record<string, JsonSchema>;
}

interface About {
  /** The program's version. */
  readonly version: string;
  /** The origin where applications are given access. */
  readonly publicUrl: string;
}

export function openApiDocument(modules: readonly DocumentedModule[], { version, publicUrl }: About): JsonSchema {
  const components: Components = { schemas: new NamedSchemas('draft-2020-12'), responses: {} };
  components.schemas.all.Problem = problemSchema;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { name, endpoints } of modules) {
    for (const endpoint of endpoints) {
      const path = (paths[endpoint.url] ??= {});
      path[endpoint.method.toLowerCase()] = operation(endpoint, name, components);
    }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Fissile', version, description: introduction },
    servers: [{ url: '/' }],
    tags: modules.filter(({ endpoints }) => endpoints.length > 0).map(({ name }) => ({ name })),
    paths,
    components: {
      schemas: components.schemas.all,
      responses: components.responses,
      parameters,
      headers,
      securitySchemes: securitySchemes(Object.assign({}, ...modules.map(({ scopes }) => scopes)), publicUrl),
    },
  };
}

function operation(endpoint: Endpoint, module: string, components: Components): JsonSchema {
  const { summary, description, deprecated } = endpoint;
  const body = requestBody(endpoint, module, components);
  const all = [...fieldParameters(endpoint, module, components), ...headerParameters(endpoint)];
  const text = [...whoMay(endpoint), description].filter(Boolean).join(' ');
  return {
    operationId: operationId(endpoint),
    tags: [module],
    summary,
    ...(text && { description: text }),
    ...(deprecated && { deprecated: true }),
    security: securityOf(endpoint),
    ...(all.length > 0 && { parameters: all }),
    ...(body && { requestBody: body }),
    responses: responses(endpoint, module, components),
  };
}

/** `getOrdersById`, `postOrdersByIdCancel` */
const operationId = ({ method, url }: Endpoint) =>
  method.toLowerCase() +
  url
    .replace(/^\/v1/, '')
    .split(/[^\w{]+/)
    .map((word) => word.replace(/^\{(\w)/, (_, first: string) => `By${first.toUpperCase()}`))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

function fieldParameters({ path, query }: Endpoint, module: string, components: Components): JsonSchema[] {
  const fields = (schema: z.ZodObject | undefined, place: 'path' | 'query') => {
    if (!schema) return [];
    const { properties = {}, required = [] } = components.schemas.schemaOf(schema, 'input', module) as {
      properties?: Record<string, JsonSchema>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, { description, ...json }]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema: json,
    }));
  };
  return [...fields(path, 'path'), ...fields(query, 'query')];
}

function headerParameters({ method, idempotent, settle, versioned, versionConflict }: Endpoint): JsonSchema[] {
  const taken: (keyof typeof parameters | false | undefined)[] = [
    idempotent && 'IdempotencyKey',
    settle && 'PreferWait',
    versionConflict && 'IfMatch',
    versioned && method === 'GET' && 'IfNoneMatch',
  ];
  return taken.filter(Boolean).map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

function requestBody({ body, rawBody }: Endpoint, module: string, components: Components): JsonSchema | undefined {
  if (rawBody) return { required: true, content: { '*/*': {} } };
  if (!body) return undefined;
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema: components.schemas.schemaOf(body, 'input', module) } } };
}

function responses(endpoint: Endpoint, module: string, components: Components): JsonSchema {
  const { answers, method, versioned, idempotent, settle, deprecated } = endpoint;
  const own: HeaderChoice[] = [
    'RequestId',
    'RateLimit',
    'RateLimitPolicy',
    versioned && answers.body !== undefined && 'ETag',
    answers.status === 201 && 'Location',
    idempotent && 'IdempotencyReplayed',
    settle && 'PreferenceApplied',
    deprecated && 'Deprecation',
    deprecated?.sunset !== undefined && 'Sunset',
  ];
  return {
    [answers.status]: {
      description: 'Done.',
      headers: headerReferences(own),
      ...(answers.body && {
        content: { [mediaTypeOf(endpoint)]: { schema: components.schemas.schemaOf(answers.body, 'output', module) } },
      }),
    },
    ...(versioned &&
      method === 'GET' && { 304: { description: 'Not modified.', headers: headerReferences(['ETag']) } }),
    ...problems(endpoint, components),
  };
}

type HeaderChoice = keyof typeof headers | false | undefined;

const headerReferences = (choices: readonly HeaderChoice[]): JsonSchema =>
  Object.fromEntries(
    choices
      .filter((name) => typeof name === 'string')
      .map((name) => [headerNames[name], { $ref: `#/components/headers/${name}` }]),
  );

/** One response for each status, with an example of each code that it can have. */
function problems(endpoint: Endpoint, components: Components): JsonSchema {
  const byStatus = new Map<number, ErrorDefinition[]>();
  for (const error of [...(endpoint.errors ?? []), ...platformErrorsOf(endpoint)]) {
    const status = statusOf(error);
    byStatus.set(status, [...(byStatus.get(status) ?? []), error]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, definitions]) => [status, problemResponse(status, definitions, components)]),
  );
}

/** Describes once the answers of the platform itself, which are the same everywhere. */
function problemResponse(status: number, definitions: readonly ErrorDefinition[], components: Components): JsonSchema {
  const response = {
    description: definitions.map(({ code }) => `\`${code}\``).join(', '),
    headers: headerReferences([
      'RequestId',
      status === 401 && 'WWWAuthenticate',
      (status === 429 || status === 503) && 'RetryAfter',
    ]),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(
          definitions.map((definition) => [definition.code, { value: example(definition, status) }]),
        ),
      },
    },
  };
  if (definitions.some(({ code }) => !code.startsWith('platform.'))) return response;
  const name = definitions.map(({ code }) => pascalCase(code.slice('platform.'.length))).join('Or');
  components.responses[name] = response;
  return { $ref: `#/components/responses/${name}` };
}

const pascalCase = (words: string) => words.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

function platformErrorsOf({
  access,
  recentLogin,
  rawBody,
  idempotent,
  versionConflict,
  method,
}: Endpoint): ErrorDefinition[] {
  return [
    platformErrors.invalidRequest,
    // A body is read where none is wanted, too: to say so.
    ...(method === 'GET' ? [] : [httpErrors.requestTimeout, httpErrors.bodyTooLarge]),
    ...(method === 'GET' || rawBody ? [] : [httpErrors.malformedBody, httpErrors.unsupportedMediaType]),
    ...(access === 'anyone' ? [] : [platformErrors.unauthenticated]),
    ...(recentLogin ? [platformErrors.recentLoginRequired] : []),
    ...(roleFor(access) === undefined ? [] : [platformErrors.forbidden]),
    ...(access === 'anyone' ? [] : [platformErrors.insufficientScope]),
    ...(versionConflict ? [httpErrors.preconditionFailed] : []),
    ...(idempotent
      ? [httpErrors.idempotencyKeyInUse, httpErrors.idempotencyKeyReused, httpErrors.tooManyIdempotencyKeys]
      : []),
    platformErrors.tooManyRequests,
    platformErrors.internal,
    platformErrors.unavailable,
    ...(method === 'GET' ? [] : [platformErrors.outcomeUnknown]),
  ];
}

const example = ({ code, summary }: ErrorDefinition, status: number) => ({
  type: problemType(code),
  title: summary,
  status,
  detail: summary,
  code,
  requestId: '0b8e3ba0-6f3c-4c7e-9f55-7a3b6f1c2d4e',
  ...(code === platformErrors.invalidRequest.code && {
    errors: [{ path: '/items/0/quantity', message: 'This must be at least 1.' }],
  }),
});
