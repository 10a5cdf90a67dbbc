import type { Request as HttpRequest } from 'express';
import { z } from 'zod';
import { type FieldError, platformErrors } from '#platform/errors.ts';
import { readOrRefuse } from '#platform/validation.ts';
import { parseJson } from './body.ts';
import type { Access, Endpoint, Request } from '#platform/endpoint.ts';
import { ifMatchVersion } from './preconditions.ts';
import { preferredWait } from './prefer.ts';
import { requireStorableText } from './storable-text.ts';
import { strict } from './strict-schema.ts';
import { type TextFields, textReader } from './text-fields.ts';

export type AnyRequest = Request<Access, z.ZodObject | undefined, z.ZodObject | undefined, z.ZodObject | undefined>;

/** The parts of a request that are read before anything is done about it. */
export interface ReadRequest {
  readonly request: AnyRequest;
  /** The body before the schema read it: what an idempotency key is compared by. */
  readonly sentBody: unknown;
}

const nothing = z.object({});

export type RequestReader = (request: HttpRequest) => ReadRequest;

/** Makes what reads and checks the requests of one endpoint; all that its schemas need is made here, once. */
export function requestReader(endpoint: Endpoint): RequestReader {
  const { method, url, versionConflict, settle, rawBody = false } = endpoint;
  checkParameters(endpoint);
  const path = strict(endpoint.path ?? nothing);
  const query = strict(endpoint.query ?? nothing);
  const body = strict(endpoint.body ?? nothing);
  const pathText = textReader(path);
  const queryText = textReader(query);
  const takesBody = method !== 'GET';
  if (!takesBody && endpoint.body) throw new TypeError(`${method} ${url} cannot have a body.`);

  return (request) => {
    const {
      headers,
      url,
      context: { address, principal },
    } = request;
    const bytes = request.body as Buffer | undefined;
    const parameters = request.params as TextFields;
    const fields = request.query as TextFields;
    const errors: FieldError[] = [];
    const read = (schema: z.ZodObject, value: unknown) => readOrRefuse(schema, value, errors);
    const sentBody = bytes === undefined || rawBody ? {} : parseJson(bytes, request);
    if (url.includes('%00')) requireStorableText({ ...parameters, ...fields });
    const parts = {
      path: endpoint.path && read(path, pathText(parameters)),
      query: endpoint.query || url.includes('?') ? read(query, queryText(fields)) : undefined,
      body: takesBody && !rawBody ? read(body, sentBody) : undefined,
    };
    if (errors.length > 0) throw platformErrors.invalidRequest({ fields: errors });
    const whole = {
      ...parts,
      principal,
      address,
      headers,
      rawBody: rawBody ? (bytes ?? Buffer.alloc(0)) : undefined,
      ifMatch: versionConflict ? ifMatchVersion(headers['if-match']) : undefined,
      wait: settle ? preferredWait(headers.prefer) : 0,
    };
    return { request: whole, sentBody };
  };
}

/** The names of a template's parameters. */
export const parameterNames = (url: string): string[] => Array.from(url.matchAll(/\{(\w+)\}/g), ([, name]) => name!);

function checkParameters({ method, url, path }: Endpoint): void {
  const inUrl = parameterNames(url).sort().join();
  const inSchema = Object.keys(path?.shape ?? {})
    .sort()
    .join();
  if (inUrl !== inSchema)
    throw new TypeError(`${method} ${url}: its path schema has {${inSchema}}, its URL {${inUrl}}.`);
}
