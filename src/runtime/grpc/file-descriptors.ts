/** The text of a .proto file as the descriptor that tools exchange. */
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';

export interface FileDescriptor {
  /** `fissile/library/v1.proto` */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The full names of what it defines: services, rpcs, messages, enums. */
  readonly symbols: readonly string[];
  readonly services: readonly string[];
  readonly imports: readonly string[];
}

interface FileMessage {
  name: string;
  package: string;
  dependency: string[];
  messageType: MessageType[];
  enumType: Named[];
  service: (Named & { method: Named[] })[];
}
interface Named {
  name: string;
}
interface MessageType extends Named {
  readonly field: { typeName: string; oneofIndex?: number; proto3Optional?: boolean }[];
  oneofDecl: Named[];
  readonly nestedType: MessageType[];
  readonly enumType: Named[];
  readonly options?: { mapEntry?: boolean };
}

/** The file and those it imports, which are ones of google.protobuf. */
export function fileDescriptors(proto: string): FileDescriptor[] {
  const { root, imports = [], package: name = '' } = protobuf.parse(proto, new protobuf.Root(), { keepCase: true });
  for (const imported of imports) root.addJSON(protobuf.common.get(imported)!.nested!);
  root.resolveAll();
  const files = root.toDescriptor('proto3').file as FileMessage[];
  return files.map((file) => {
    const own = file.package === name;
    file.name = own
      ? `${name.replaceAll('.', '/')}.proto`
      : (imports.find((imported) => protobuf.common.get(imported) !== null) ?? file.name);
    file.dependency = own ? imports : [];
    file.messageType.forEach(mend);
    const services = file.service.map((service) => `${file.package}.${service.name}`);
    return {
      name: file.name,
      bytes: descriptor.FileDescriptorProto.encode(file).finish(),
      symbols: symbolsOf(file),
      services,
      imports: file.dependency,
    };
  });
}

/**
 * Adds details that protobufjs leaves out: `optional string cursor` is a oneof of one field, named `_cursor`, which has a
 * mark and comes behind the others; the type of the entries of a map `fields` is called `FieldsEntry`.
 */
function mend(message: MessageType): void {
  const { field: fields, oneofDecl, nestedType } = message;
  const isMadeUp = ({ name }: Named) => name.startsWith('_');
  message.oneofDecl = [...oneofDecl.filter((oneof) => !isMadeUp(oneof)), ...oneofDecl.filter(isMadeUp)];
  for (const field of fields) {
    if (Object.hasOwn(field, 'oneofIndex')) {
      const oneof = oneofDecl[field.oneofIndex!]!;
      field.oneofIndex = message.oneofDecl.indexOf(oneof);
      if (isMadeUp(oneof)) field.proto3Optional = true;
    }
    const entry = nestedType.find(({ name, options }) => options?.mapEntry === true && name === field.typeName);
    if (entry) field.typeName = entry.name = `${entry.name}Entry`;
  }
  nestedType.forEach(mend);
}

function symbolsOf({ package: scope, messageType, enumType, service }: FileMessage): string[] {
  const within = (outer: string, messages: readonly MessageType[], enums: readonly Named[]): string[] => [
    ...enums.map(({ name }) => `${outer}.${name}`),
    ...messages.flatMap((message) => {
      const name = `${outer}.${message.name}`;
      return [name, ...within(name, message.nestedType, message.enumType)];
    }),
  ];
  const ofServices = service.flatMap(({ name, method }) => [
    `${scope}.${name}`,
    ...method.map((rpc) => `${scope}.${name}.${rpc.name}`),
  ]);
  return [...ofServices, ...within(scope, messageType, enumType)];
}
