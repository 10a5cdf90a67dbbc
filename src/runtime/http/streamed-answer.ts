/**
 * An answer in JSON that is written while its lists are still being read, as fast as the client takes it: what is held
 * in memory is what a list gives at a time, however long it is.
 */
import { once } from 'node:events';
import type { Response } from 'express';
import type { z } from 'zod';
import { forAnswers } from './answer-schema.ts';
import { definitionOf, type Schema } from './schema-copy.ts';
import { type AnswerHead, writeHead } from './send.ts';

type Pages = AsyncIterable<readonly unknown[]>;

const isPages = (value: unknown): value is Pages =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const holdsPages = (value: unknown): boolean =>
  isPages(value) || (isPlainObject(value) && Object.values(value).some(holdsPages));

/** JSON in parts; only what the schema names leaves (S31). */
export function streamedJson(schema: z.ZodType): (value: unknown) => AsyncGenerator<string> {
  const whole = forAnswers(schema);
  return (value) => jsonOf(whole, value);
}

/** JSON Lines: one for each item of a list. */
export function streamedLines(schema: z.ZodType): (value: unknown) => AsyncGenerator<string> {
  const element = definitionOf(forAnswers(schema)).element as z.ZodType;
  return async function* (pages) {
    for await (const page of pages as Pages)
      if (page.length > 0) yield page.map((item) => `${JSON.stringify(element.parse(item))}\n`).join('');
  };
}

async function* jsonOf(schema: Schema, value: unknown): AsyncGenerator<string> {
  const { element, shape } = definitionOf(schema);
  if (isPages(value) && element) yield* listOf(element as z.ZodType, value);
  else if (shape && isPlainObject(value) && holdsPages(value)) yield* objectOf(shape, value);
  else yield JSON.stringify((schema as z.ZodType).parse(value)) ?? 'null';
}

async function* objectOf(shape: Record<string, Schema>, value: Record<string, unknown>): AsyncGenerator<string> {
  let before = '{';
  for (const [name, field] of Object.entries(shape)) {
    if (value[name] === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    yield* jsonOf(field, value[name]);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

async function* listOf(element: z.ZodType, pages: Pages): AsyncGenerator<string> {
  let before = '[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield before + page.map((item) => JSON.stringify(element.parse(item))).join(',');
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/**
 * Sends the parts, waiting for the client whenever it is slow. Rejects where a part fails: the answer is cut off then,
 * so that nobody takes half of it for all.
 */
export async function sendParts(response: Response, head: AnswerHead, parts: AsyncIterable<string>): Promise<void> {
  if (!writeHead(response, head)) return;
  if (response.req.method !== 'HEAD') {
    for await (const part of parts) {
      if (response.destroyed) return;
      response.req.context.bytes += Buffer.byteLength(part);
      if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  }
  response.end();
}
