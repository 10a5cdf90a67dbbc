import type { z } from 'zod';

export const saga = <D extends z.ZodObject>(name: string, version: number, data: D) => ({ name, version, data });

export interface SagaImplementation {
  readonly deadline: number;
  readonly steps: readonly { readonly name: string; run(): Promise<void> }[];
}
