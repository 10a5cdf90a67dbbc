/** The messages of a module's operations, as its contract and its committed .proto file say. */
import protobuf from 'protobufjs';
import type { z } from 'zod';
import { moduleOf, type Api } from '#platform/contract.ts';
import { MalformedMessage, messageCodec } from './message-codec.ts';
import { isObject } from './message-fields.ts';
import { packageName, pascalCase } from './message-names.ts';

export interface OperationCodec {
  /** `/fissile.library.v1.Library/LendBook` */
  readonly path: string;
  /** Both throw MalformedMessage for what is no message of the operation. */
  encodeInput(value: unknown): Buffer;
  decodeInput(bytes: Buffer): unknown;
  encodeOutput(value: unknown): Buffer;
  decodeOutput(bytes: Buffer): unknown;
}
export interface ServiceCodec {
  /** `fissile.library.v1.Library` */
  readonly service: string;
  /** By the name in the api: `lendBook`. */
  readonly operations: ReadonlyMap<string, OperationCodec>;
}

/** `proto` is the text of the .proto file. Throws where it is older than the contract. */
export function serviceCodec(api: Api, proto: string): ServiceCodec {
  const module = moduleOf(api);
  const { root } = protobuf.parse(proto, new protobuf.Root(), { keepCase: true });
  const service = `${packageName(module)}.${pascalCase(module)}`;
  const { methods, parent } = root.lookupService(service);
  const operations = new Map<string, OperationCodec>();
  for (const [key, { input, output }] of Object.entries(api)) {
    const name = pascalCase(key);
    const method = methods[name];
    if (!method) throw new Error(`The .proto file of ${module} has no rpc ${name}: write it anew with npm run proto.`);
    const inputs = codecOf(input, parent!.lookupType(method.requestType));
    const outputs = codecOf(output, parent!.lookupType(method.responseType));
    operations.set(key, {
      path: `/${service}/${name}`,
      encodeInput: inputs.encode,
      decodeInput: inputs.decode,
      encodeOutput: outputs.encode,
      decodeOutput: outputs.decode,
    });
  }
  return { service, operations };
}

function codecOf(
  schema: z.ZodType,
  type: protobuf.Type,
): { encode(value: unknown): Buffer; decode(bytes: Buffer): unknown } {
  if (!isObject(schema)) throw new TypeError(`${type.name} is no object in the contract.`);
  const codec = messageCodec(schema, type);
  return {
    encode(value) {
      if (typeof value !== 'object' || value === null) throw new MalformedMessage(`${type.name} is no object.`);
      const writer = protobuf.Writer.create();
      codec.encode(value, writer);
      return writer.finish() as Buffer;
    },
    decode(bytes) {
      try {
        return codec.decode(protobuf.Reader.create(bytes), bytes.length);
      } catch (error) {
        if (error instanceof MalformedMessage) throw error;
        throw new MalformedMessage(`These bytes are no ${type.name}: ${(error as Error).message}.`, { cause: error });
      }
    },
  };
}
