import type { EventDefinition } from './contract.ts';

export abstract class Outbox {
  abstract add(event: EventDefinition, payload: unknown): void;
}
