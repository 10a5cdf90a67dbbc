import type { Database } from '#platform/database.ts';
import { z } from 'zod';
import { SalesErrors } from '../contract.ts';

const Amount = z.int().positive();

export interface Sale {
  readonly id: string;
  readonly amount: number;
  readonly soldAt: Date;
}

export function sale(id: string, amount: number, soldAt: string): Sale {
  if (!Amount.safeParse(amount).success) throw SalesErrors.unknownBuyer();
  return { id, amount, soldAt: new Date(soldAt) };
}
