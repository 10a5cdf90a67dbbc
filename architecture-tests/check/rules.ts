import type { Rule } from './rule.ts';
import { adrs } from './rules/adrs.ts';
import { boundedLists } from './rules/bounded-lists.ts';
import { contractLock } from './rules/contract-lock.ts';
import { contractsOnly } from './rules/contracts-only.ts';
import { declaredEdges } from './rules/declared-edges.ts';
import { events } from './rules/events.ts';
import { importsResolve } from './rules/imports-resolve.ts';
import { libraryInternals } from './rules/library-internals.ts';
import { layers } from './rules/layers.ts';
import { noCallCycles } from './rules/no-call-cycles.ts';
import { noFileCycles } from './rules/no-file-cycles.ts';
import { noFolderCycles } from './rules/no-folder-cycles.ts';
import { oneSchema } from './rules/one-schema.ts';
import { packages } from './rules/packages.ts';
import { platformOnly } from './rules/platform-only.ts';
import { pureDomain } from './rules/pure-domain.ts';
import { srcNamesNoModule } from './rules/src-names-no-module.ts';
import { unused } from './rules/unused.ts';

export const rules: readonly Rule[] = [
  // Between modules
  contractsOnly,
  declaredEdges,
  noCallCycles,
  // Inside a module, and around it
  layers,
  pureDomain,
  platformOnly,
  srcNamesNoModule,
  // Shared data
  oneSchema,
  events,
  contractLock,
  boundedLists,
  // The whole
  importsResolve,
  noFileCycles,
  noFolderCycles,
  packages,
  libraryInternals,
  unused,
  adrs,
];
