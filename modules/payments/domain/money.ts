import type { z } from 'zod';
import type { Money as MoneySchema } from '../contract.ts';

export type Money = z.output<typeof MoneySchema>;
