import { z } from 'zod';
import { event } from '#platform/contract.ts';

/** The events of one key are numbered from 0 on. */
export const counted = event('library.counted', 1, { key: 'id', payload: z.object({ id: z.string(), n: z.int() }) });

export const subscription = { name: 'readers.count', event: counted };
