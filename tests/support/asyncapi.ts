/** Reading and using an AsyncAPI document, as a consumer of events would. */
import Ajv from 'ajv';

// oxlint-disable-next-line typescript/no-explicit-any -- the document is what tests look into
export type AsyncApi = any;

/** Follows a JSON Pointer. */
export const pointedAt = (document: AsyncApi, pointer: string): AsyncApi =>
  pointer
    .split('/')
    .slice(1)
    .reduce((part, key) => part[key], document);

/** The document without what differs from one transport to another. */
export function withoutWire({ servers: _, ...document }: AsyncApi): AsyncApi {
  const bare = structuredClone(document);
  delete bare.components.messageTraits;
  for (const channel of Object.values<AsyncApi>(bare.channels)) {
    for (const part of ['description', 'address', 'parameters', 'bindings']) delete channel[part];
    for (const message of Object.values<AsyncApi>(channel.messages))
      for (const part of ['traits', 'headers', 'bindings']) delete message[part];
  }
  for (const operation of Object.values<AsyncApi>(bare.operations)) delete operation.bindings;
  return bare;
}

/** Makes a function that tells what is wrong with a value by the schema that a pointer points at: nothing, if undefined. */
export function validator(document: AsyncApi): (pointer: string, value: unknown) => string | undefined {
  const ajv = new Ajv();
  ajv.addSchema(document, 'document');
  return (pointer, value) =>
    ajv.validate(`document${pointer}`, value)
      ? undefined
      : `${pointer}: ${ajv.errorsText()} in ${JSON.stringify(value)}`;
}
