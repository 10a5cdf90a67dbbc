/** `npm run graph`: draws the modules, calls, events and tables into a page and as an SVG. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CannotCheck } from './cannot-check.ts';
import { read } from './check.ts';
import { layout } from './graph/layout.ts';
import { mermaid, withGraph } from './graph/mermaid.ts';
import { readGraph } from './graph/model.ts';
import { svg } from './graph/svg.ts';

const help = `Draws the modules, calls, events and tables into docs/boundaries.md or the README, and as an SVG.

Usage: npm run graph [-- options]

  --root DIR  of another checkout with the same layout (default: this one)
  --help, -h  show this

Exit codes: 0 drawn, 2 could not draw.
`;
const svgPath = 'architecture-tests/modules.svg';
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

try {
  const { values } = parseArgs({
    options: { root: { type: 'string', default: '.' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(help);
    process.exit();
  }
  const root = resolve(values.root);
  const graph = readGraph(read(root));
  mkdirSync(join(root, 'architecture-tests'), { recursive: true });
  writeFileSync(join(root, svgPath), svg(await layout(graph)));
  const page = ['docs/boundaries.md', 'README.md'].find(
    (name) => withGraph(textOf(join(root, name)), graph) !== undefined,
  );
  if (page === undefined) {
    console.log(mermaid(graph));
    console.log(
      `\nWrote ${svgPath}. Neither docs/boundaries.md nor README.md has <!-- graph --> and <!-- /graph --> around a drawing.`,
    );
  } else {
    writeFileSync(join(root, page), withGraph(textOf(join(root, page)), graph)!);
    console.log(`Wrote ${page} and ${svgPath}.`);
  }
} catch (error) {
  if (!(error instanceof CannotCheck) && (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') !== true)
    throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
