import { table } from '../tables/table.ts';

export const tested = table;
