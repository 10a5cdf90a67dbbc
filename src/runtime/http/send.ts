import type { Response } from 'express';
import type { SentAnswer } from './rendered-answer.ts';

export type AnswerHead = Pick<SentAnswer, 'status' | 'headers'>;

/**
 * Answers, once: what comes after an answer (such as the outcome of what took too long) is dropped. Express answers 304
 * where the client has this `ETag` already, and leaves out the body for HEAD.
 */
export function send(response: Response, { body, ...head }: SentAnswer): void {
  if (!writeHead(response, head)) return;
  if (body === undefined) return void response.end();
  // A buffer, as Express would add a charset to the type of a text.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.req.context.bytes = bytes.length;
  response.send(bytes);
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
