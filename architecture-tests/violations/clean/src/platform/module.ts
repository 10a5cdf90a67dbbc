import type { EventDefinition } from './contract.ts';
import type { Endpoint } from './endpoint.ts';

interface Parts {
  readonly offers: object;
  readonly needs: readonly object[];
  readonly publishes: readonly EventDefinition[];
  readonly reactions: Readonly<Record<string, unknown>>;
  readonly sagas: readonly unknown[];
  readonly endpoints: readonly Endpoint[];
  readonly operations: Readonly<Record<string, unknown>>;
  ports(bind: (token: unknown) => { toResolvedValue(factory: unknown, collaborators: readonly unknown[]): void }): void;
}
export interface ModuleDefinition extends Parts {
  readonly name: string;
}

export const defineModule = (name: string, parts: Pick<Parts, 'offers' | 'operations'> & Partial<Parts>): ModuleDefinition => ({
  name,
  needs: [],
  publishes: [],
  reactions: {},
  sagas: [],
  endpoints: [],
  ports() {},
  ...parts,
});

export const on = (event: EventDefinition, factory: unknown, collaborators: readonly unknown[]) => ({ event, factory, collaborators });
export const run = (saga: object, factory: unknown, collaborators: readonly unknown[]) => ({ saga, factory, collaborators });
export const use = (factory: unknown, collaborators: readonly unknown[]) => ({ factory, collaborators });
