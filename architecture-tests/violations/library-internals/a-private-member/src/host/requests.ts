import { schema } from './schema.ts';

export const definition = schema._zod;
export const requests = (client: object) => (client as { _requestHandler?: object })._requestHandler;
export const head = (response: Record<string, unknown>) => response['_header'];
