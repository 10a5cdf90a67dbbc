import { wish } from './check/rules/wish.ts';

export const tested = wish;
