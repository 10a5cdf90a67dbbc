import { key } from '../http/key.ts';

export const table = [key];
