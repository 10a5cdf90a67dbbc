/** The promises of a .proto file to peers compiled against it: numbers, types, and what each rpc takes and gives. */
import protobuf from 'protobufjs';
import { CannotCheck } from '../cannot-check.ts';
import type { System } from '../system.ts';

export interface Rpc {
  readonly request: string;
  readonly response: string;
}
/** A message with its fields, or an enum with its values. */
export interface Numbered {
  readonly numbers: Readonly<Record<string, number>>;
  /** The type of each field of a message: `optional string`, `repeated Order.Item`. */
  readonly types?: Readonly<Record<string, string>>;
  /** Numbers and names of what is gone. */
  readonly reserved: readonly (number | string)[];
}
export type ProtoShape = Rpc | Numbered;

export const protoPath = (module: string): string => `modules/${module}/${module}.proto`;

export interface DeclaredProto {
  readonly shape: ProtoShape;
  readonly line: number;
}

/** By name within the package: `Order.Item`, `rpc PlaceOrder`. Empty for a module without a .proto file. */
export function readProto({ tree }: System, module: string): ReadonlyMap<string, DeclaredProto> {
  const path = protoPath(module);
  const declared = new Map<string, DeclaredProto>();
  if (!tree.paths.has(path)) return declared;
  const text = tree.read(path);
  const { root, package: name = '' } = parse(path, text);
  const lines = text.split('\n');
  const nameOf = ({ fullName }: protobuf.ReflectionObject) => fullName.slice(name.length + 2);
  const enter = (space: protobuf.NamespaceBase, from: number) => {
    const lineOf = (keyword: string, name: string) =>
      lines.findIndex((line, index) => index >= from && new RegExp(`^\\s*${keyword}\\s+${name}\\b`).test(line)) + 1;
    for (const each of space.nestedArray) {
      if (each instanceof protobuf.Type) {
        const line = lineOf('message', each.name);
        declared.set(nameOf(each), { shape: messageShape(each, nameOf), line });
        enter(each, line);
      } else if (each instanceof protobuf.Enum) {
        declared.set(nameOf(each), { shape: enumShape(each), line: lineOf('enum', each.name) });
      } else if (each instanceof protobuf.Service) {
        for (const { name, requestType, responseType } of each.methodsArray) {
          const [request, response] = [typeOf(requestType), typeOf(responseType)];
          declared.set(`rpc ${name}`, { shape: { request, response }, line: lineOf('rpc', name) });
        }
      }
    }
  };
  const inPackage = root.lookup(name);
  if (!(inPackage instanceof protobuf.Namespace)) throw new CannotCheck(`${path} names no package.`);
  const typeOf = (type: string) => {
    const named = inPackage.lookup(type);
    return named ? nameOf(named) : type;
  };
  enter(inPackage, 0);
  return declared;
}

function parse(path: string, text: string): protobuf.IParserResult {
  try {
    return protobuf.parse(text, new protobuf.Root(), { keepCase: true });
  } catch (error) {
    throw new CannotCheck(`${path} cannot be parsed: ${(error as Error).message}`);
  }
}

function messageShape(type: protobuf.Type, nameOf: (object: protobuf.ReflectionObject) => string): ProtoShape {
  const typeOf = (field: protobuf.Field) => {
    const named = type.lookup(field.type, [protobuf.Type, protobuf.Enum]);
    const label = field.repeated ? 'repeated ' : field.partOf ? 'optional ' : '';
    return `${label}${named ? nameOf(named) : field.type}`;
  };
  return {
    numbers: Object.fromEntries(type.fieldsArray.map(({ name, id }) => [name, id])),
    types: Object.fromEntries(type.fieldsArray.map((field) => [field.name, typeOf(field)])),
    reserved: reservedIn(type.reserved),
  };
}

const enumShape = ({ values, reserved }: protobuf.Enum): ProtoShape => ({
  numbers: values,
  reserved: reservedIn(reserved),
});

const reservedIn = (reserved: readonly (number[] | string)[] = []): (number | string)[] =>
  reserved.flatMap<number | string>((each) => {
    if (typeof each === 'string') return [each];
    const [first, last] = each as [number, number];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
