import { settings } from '../settings.ts';

export const cluster = settings.name;
