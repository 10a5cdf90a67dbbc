import type { Response } from 'express';
import type { SentAnswer } from './rendered-answer.ts';

export type AnswerHead = Pick<SentAnswer, 'status' | 'headers'>;

/**
 * Answers, once: what comes after an answer (such as the outcome of what took too long) is dropped. Express says whether
 * the client has this `ETag` already. `response.send` would make a buffer of the text, which goes out in a write of its own
 * beside the headers: a third of the CPU time of a read.
 */
export function send(response: Response, { body, ...head }: SentAnswer): void {
  if (!writeHead(response, head)) return;
  const { req } = response;
  if (req.fresh) {
    response.removeHeader('Content-Type');
    return void response.status(304).end();
  }
  if (body === undefined) return void response.end();
  req.context.bytes = Buffer.byteLength(body);
  response.setHeader('Content-Length', req.context.bytes);
  response.end(req.method === 'HEAD' ? undefined : body);
}

/**
 * Begins an answer whose body comes later. False where there is an answer already; one that is still being written is cut
 * off, as what comes after it can only be why it will not be finished.
 */
export function writeHead(response: Response, { status, headers }: AnswerHead): boolean {
  if (response.headersSent || response.destroyed) {
    if (!response.writableEnded) response.destroy();
    return false;
  }
  response.status(status);
  for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index]!, headers[index + 1]!);
  return true;
}
