import { one } from './self.ts';
export const one: number = one;
