import { name } from './postgres/name.ts';

export const settings = { name };
