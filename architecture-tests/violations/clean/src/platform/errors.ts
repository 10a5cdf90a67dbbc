const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function errors<T extends Record<string, readonly [kind: string, summary: string]>>(module: string, definitions: T) {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, [kind, summary]]) => [
      name,
      Object.assign(() => new Error(summary), { code: `${module}.${kebabCase(name)}`, kind, summary }),
    ]),
  ) as { [Name in keyof T]: (() => Error) & { code: string } };
}
