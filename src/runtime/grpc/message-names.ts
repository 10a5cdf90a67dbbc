/** Names of a contract's things in its .proto file, in the style that protobuf tools expect. */

const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();

export const pascalCase = (name: string): string =>
  name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, first: string) => first.toUpperCase());

export const packageName = (module: string): string => `fissile.${snakeCase(module)}.v1`;

/** `customerId` is `customer_id`. */
export const fieldName = (key: string): string => snakeCase(key);

/** The name of a field in protobuf's JSON form, and in generated code. */
export const jsonName = (name: string): string => name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());

/** Set where a field that may be absent or null is null. */
export const nullFieldName = (key: string): string => `${snakeCase(key)}_null`;

/** Values share a scope with their neighbours, so each begins with the name of its enum: `ORDER_STATUS_PAID`. */
export const enumValueName = (enumName: string, value: string): string =>
  `${snakeCase(enumName)}_${snakeCase(value)}`.toUpperCase();

/** The value of an enum that nobody gave one: every enum of protobuf has it, with the number 0. */
export const unspecifiedName = (enumName: string): string => enumValueName(enumName, 'unspecified');

/** An object without a name of its own is called after its field, and one of a list in the singular. */
export const nestedTypeName = (key: string, isList: boolean): string =>
  pascalCase(
    isList
      ? key
          .replace(/ies$/, 'y')
          .replace(/(ss|x|ch|sh)es$/, '$1')
          .replace(/(?<!s)s$/, '')
      : key,
  );
