/**
 * Makes calls within one process behave as if they crossed a network: what is passed is encoded and decoded, failures
 * arrive as copies, and latency and outages can be added. Code that would break when a module moves breaks at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Operation } from '#platform/contract.ts';
import { Failure, platformErrors } from '#platform/errors.ts';
import { parseOrFail } from '#platform/validation.ts';
import type { AnyHandler } from './local-client.ts';

export interface WireConditions {
  /** Milliseconds added to every call. */
  readonly latency: number;
  /** The share of calls, 0 to 1, that fail as `unavailable`: half of those before the work is done, half after. */
  readonly failureRate: number;
}

export function overTheWire(
  operation: Operation,
  handle: AnyHandler,
  { latency, failureRate }: WireConditions,
): AnyHandler {
  return async (input, context) => {
    if (latency > 0) await delay(latency);
    const fate = Math.random();
    if (fate < failureRate / 2) throw platformErrors.unavailable('Injected: the call did not arrive.');
    try {
      const output = await handle(parseOrFail(operation.input, copyOf(input)), context);
      if (fate < failureRate) throw platformErrors.unavailable('Injected: the answer did not arrive.');
      return operation.output.parse(copyOf(output));
    } catch (error) {
      throw error instanceof Failure ? copyOfFailure(error) : error;
    }
  };
}

const copyOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const copyOfFailure = ({ code, kind, message, fields, retryAfter }: Failure): Failure =>
  new Failure(code, kind, message, { ...(fields && { fields }), ...(retryAfter !== undefined && { retryAfter }) });
