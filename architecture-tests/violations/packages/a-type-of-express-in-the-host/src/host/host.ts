import type { Express } from 'express';
import { readdirSync } from 'node:fs';
import type { ModuleDefinition } from '#platform/module.ts';
import { listen } from '../gateway/gateway.ts';

const folder = new URL('../../modules/', import.meta.url);

export async function start(): Promise<void> {
  for (const name of readdirSync(folder)) {
    const { default: definition } = (await import(new URL(`${name}/module.ts`, folder).href)) as { default: ModuleDefinition };
    listen(definition.endpoints);
  }
}
