/** As much of a platform as contracts need to be loaded. */
import type { z } from 'zod';

export { errors } from './errors.ts';

type Kind = 'command' | 'query';
interface Fields {
  input: z.ZodObject;
  output: z.ZodType;
  errors: readonly unknown[];
}
interface Definition extends Fields {
  readonly kind: Kind;
  readonly version: number;
}

export const command = (version: number, fields: Fields): Definition => ({ kind: 'command', version, ...fields });
export const query = (version: number, fields: Fields): Definition => ({ kind: 'query', version, ...fields });

export function api<D extends Record<string, Definition>>(module: string, definitions: D): D {
  const operations = Object.entries(definitions).map(([name, definition]) => [name, { ...definition, module, name }]);
  return Object.fromEntries(operations) as D;
}

export const event = <P extends z.ZodObject>(name: string, version: number, fields: { key: string; payload: P }) => ({
  name,
  version,
  module: name.slice(0, name.indexOf('.')),
  ...fields,
});
export type EventDefinition = ReturnType<typeof event>;

export type Call<D extends Definition> = (input: z.output<D['input']>) => Promise<z.output<D['output']>>;
