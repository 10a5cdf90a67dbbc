import type { Rule } from './rule.ts';
import { contractsOnly } from './rules/contracts-only.ts';
import { declaredEdges } from './rules/declared-edges.ts';
import { layers } from './rules/layers.ts';
import { noCallCycles } from './rules/no-call-cycles.ts';
import { oneSchema } from './rules/one-schema.ts';
import { platformOnly } from './rules/platform-only.ts';
import { srcNamesNoModule } from './rules/src-names-no-module.ts';

export const rules: readonly Rule[] = [
  contractsOnly,
  declaredEdges,
  noCallCycles,
  layers,
  platformOnly,
  srcNamesNoModule,
  oneSchema,
];
