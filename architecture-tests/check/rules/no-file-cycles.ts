import { cycles } from '../cycles.ts';
import type { Rule } from '../rule.ts';
import { isDependency } from '../source-tree.ts';

export const noFileCycles: Rule = {
  id: 'no-file-cycles',
  title: 'Files form no cycle',
  adr: 'ADR/0032-the-architecture-check.md',
  why: 'Files in a circle can only be understood, tested and moved together, and start in an order nobody chose.',

  check({ tree }, breach) {
    const graph = new Map<string, string[]>([...tree.sources.keys()].map((path) => [path, []]));
    for (const edge of tree.edges) {
      const { from, target } = edge;
      if (target.kind === 'file' && isDependency(edge) && graph.has(target.path))
        graph.get(from.path)?.push(target.path);
    }
    for (const circle of cycles(graph)) {
      const [first, second = first] = circle as [string, string?];
      const edge = tree.edgesByFile.get(first)?.find(({ target }) => target.kind === 'file' && target.path === second);
      breach({
        file: first,
        line: edge ? edge.from.lineAt(edge.import.at) : 1,
        what: circle.length === 1 ? 'imports itself' : `is in a circle of imports: ${[...circle, first].join(' -> ')}`,
        instead: 'Move what both need into a file of its own, or hand it over as a parameter.',
        involves: circle,
      });
    }
    return graph.size;
  },
};
