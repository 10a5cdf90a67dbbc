/** A checkout of many modules in the project's layout, for measuring tools on more code than this repository has. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface GeneratedTree {
  readonly root: string;
  readonly files: number;
  /** Imports that cross into another module, one in every module. */
  readonly breaches: number;
}

const repository = join(import.meta.dirname, '..');
const rolesOf = [
  ['domain', 14],
  ['use-cases', 14],
  ['persistence', 6],
  ['reactions', 2],
  ['http', 4],
  ['testing', 8],
] as const;

/** Each module has contract.ts, module.ts and 48 files in its roles, calls the module before it, and reaches into it once. */
export function generateTree(modules: number): GeneratedTree {
  const root = mkdtempSync(join(tmpdir(), 'fissile-generated-'));
  let files = 0;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (path.startsWith('modules/')) files++;
  };
  writeCommon(write);
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  for (let index = 0; index < modules; index++) writeModule(index, write);
  return { root, files, breaches: modules - 1 };
}

type Write = (path: string, text: string) => void;
const nameOf = (index: number) => `m${String(index).padStart(3, '0')}`;

function writeCommon(write: Write): void {
  const dependencies = { zod: '4.6.7' };
  write(
    'package.json',
    JSON.stringify({ name: 'generated', type: 'module', imports: { '#platform/*': './src/platform/*' }, dependencies }),
  );
  write(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: { module: 'nodenext', allowImportingTsExtensions: true, noEmit: true } }),
  );
  write('ADR/0001-packages.md', '| package | imported by |\n|---|---|\n| `zod` | everywhere |\n');
  write('src/main.ts', 'export const started = true;\n');
  write(
    'src/platform/contract.ts',
    'export const api = (module: string, operations: object) => ({ module, operations });\nexport const query = (version: number, fields: object) => ({ version, fields });\nexport const event = (name: string, version: number, fields: object) => ({ name, version, fields });\n',
  );
  write(
    'src/platform/module.ts',
    'export const defineModule = (name: string, parts: object) => ({ name, ...parts });\nexport const on = (...parts: unknown[]) => parts;\n',
  );
  write(
    'src/platform/database.ts',
    'export abstract class Database {\n  abstract query(sql: string, values: unknown[]): Promise<{ rows: unknown[] }>;\n}\n',
  );
  write('src/platform/endpoint.ts', 'export interface Endpoint {\n  url: string;\n}\n');
}

function writeModule(index: number, write: Write): void {
  const name = nameOf(index);
  const before = index > 0 ? nameOf(index - 1) : undefined;
  const folder = `modules/${name}`;
  const Api = (module: string) => `Api${module}`;
  write(
    `${folder}/contract.ts`,
    `import { z } from 'zod';\nimport { api, event, query } from '#platform/contract.ts';\n\nexport const ${Api(name)} = api('${name}', {\n  find: query(1, { input: z.object({ id: z.uuid() }), output: z.object({ id: z.uuid(), name: z.string() }) }),\n});\n\nexport const changed${name} = event('${name}.changed', 1, { key: 'id', payload: z.object({ id: z.uuid() }) });\n`,
  );
  write(
    `${folder}/module.ts`,
    [
      "import { defineModule, on } from '#platform/module.ts';",
      ...(before ? [`import { ${Api(before)}, changed${before} } from '../${before}/contract.ts';`] : []),
      `import { ${Api(name)}, changed${name} } from './contract.ts';`,
      "import { stored0 } from './persistence/persistence-0.ts';",
      "import { reaction0 } from './reactions/reactions-0.ts';",
      "import { useCase0 } from './use-cases/use-cases-0.ts';",
      '',
      `export default defineModule('${name}', {`,
      `  offers: ${Api(name)},`,
      ...(before
        ? [`  needs: [${Api(before)}.find],`, `  reactions: { follow: on(changed${before}, reaction0, [stored0]) },`]
        : []),
      `  publishes: [changed${name}],`,
      '  operations: { useCase0, stored0, reaction0 },',
      '});',
      '',
    ].join('\n'),
  );
  for (const [role, count] of rolesOf) {
    for (let file = 0; file < count; file++) write(`${folder}/${role}/${role}-${file}.ts`, content(role, file, before));
  }
}

/** Some forty lines with the imports that a file of its role has. */
function content(role: (typeof rolesOf)[number][0], file: number, before: string | undefined): string {
  const above = file > 0 ? file - 1 : undefined;
  const variable = {
    domain: 'thing',
    'use-cases': 'useCase',
    persistence: 'stored',
    reactions: 'reaction',
    http: 'endpoint',
    testing: 'sample',
  }[role];
  const imports = {
    domain: ["import { z } from 'zod';"],
    'use-cases': [
      `import type { Thing${file} } from '../domain/domain-${file}.ts';`,
      `import { thing${file} } from '../domain/domain-${file}.ts';`,
      ...(before ? [`import type { Api${before} } from '../../${before}/contract.ts';`] : []),
      // The breach: the inside of another module.
      ...(before && file === 1 ? [`import type { Thing0 } from '../../${before}/domain/domain-0.ts';`] : []),
    ],
    persistence: [
      "import type { Database } from '#platform/database.ts';",
      `import type { Thing${file} } from '../domain/domain-${file}.ts';`,
    ],
    reactions: [
      `import { thing${file} } from '../domain/domain-${file}.ts';`,
      ...(before ? [`import type { changed${before} } from '../../${before}/contract.ts';`] : []),
    ],
    http: ["import type { Endpoint } from '#platform/endpoint.ts';", "import * as contract from '../contract.ts';"],
    testing: [`import { thing${file} } from '../domain/domain-${file}.ts';`],
  }[role];
  const sibling = above === undefined ? [] : [`import { ${variable}${above} } from './${role}-${above}.ts';`];
  const steps = Array.from(
    { length: 6 },
    (_, step) => `
/** Step ${step} of what this file is about, with as much in it as such a step mostly has. */
function step${step}(input: { id: string; amount: number; tags: readonly string[] }): string {
  const known = input.tags.filter((tag) => tag.length > ${step}).map((tag) => \`\${tag}-\${input.id}\`);
  return known.length > ${step} ? known.join(', ') : String(input.amount * ${step + 1});
}
`,
  );
  const call = role === 'use-cases' && before ? `\nexport type Find${file} = typeof Api${before}.find;\n` : '';
  const query =
    role === 'persistence'
      ? `\nexport const rows${file} = (database: { query(sql: string): unknown }) => database.query('SELECT id, name FROM things WHERE amount > 5');\n`
      : '';
  return `${[...imports, ...sibling].join('\n')}\n${steps.join('')}${query}${call}
export interface Thing${file} {
  readonly id: string;
  readonly name: string;
}
export const ${variable}${file} = { steps: [${steps.map((_, step) => `step${step}`).join(', ')}]${above === undefined ? '' : `, above: ${variable}${above}`} };
`;
}
