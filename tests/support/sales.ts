/** An event for tests of transports, without databases. */
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import { event } from '../../src/platform/contract.ts';
import type { Envelope } from '../../src/runtime/events/envelope.ts';

export const sold = event('library.sold', 1, { key: 'id', payload: z.object({ id: z.string(), n: z.int() }) });
export const sale = (key: string, n: number): Envelope => ({
  id: uuid(),
  name: sold.name,
  version: 1,
  key,
  payload: { id: key, n },
  headers: { traceparent: '', requestId: 'r' },
  occurredAt: new Date().toISOString(),
  position: n,
});
export const numberOf = ({ payload }: Envelope): number => (payload as { n: number }).n;
