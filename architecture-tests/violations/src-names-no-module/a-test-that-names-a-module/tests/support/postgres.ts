export const testDatabase = (module: string) => module;
