/** The files of the repository that the program reads while it runs, by the names that it asks for. */
import { globSync } from 'node:fs';

const patterns = [
  'src/runtime/tables/migrations/*/*.sql',
  'prisma/*/migrations/**/*.sql',
  'modules/*/*.proto',
  'modules/*/security/*.txt',
  'modules/*/http/*/*.css',
  'src/gateway/docs/*',
  'node_modules/rapidoc/dist/rapidoc-min.js',
  'topologies/*.yaml',
  'package.json',
];

export const carriedFiles = (root: string): string[] =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
