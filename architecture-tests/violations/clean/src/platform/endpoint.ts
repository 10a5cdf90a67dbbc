import type { Request } from 'express';

export interface Endpoint {
  readonly url: string;
  readonly handle: (request: Request, operations: unknown) => Promise<unknown>;
}
