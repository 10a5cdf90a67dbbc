import { amount } from '../use-cases/amount.ts';

export const steps = [amount];
