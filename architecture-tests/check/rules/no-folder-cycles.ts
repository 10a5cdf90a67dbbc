import { cycles } from '../cycles.ts';
import { isForTests } from '../places.ts';
import type { Rule } from '../rule.ts';
import { type Edge, isDependency } from '../source-tree.ts';

export const noFolderCycles: Rule = {
  id: 'no-folder-cycles',
  title: 'Folders form no cycle',
  adr: 'ADR/0032-the-architecture-check.md',
  why: 'Folders in a circle are one heap with several names: none can be read, tested or replaced without the others.',

  check({ tree }, breach) {
    const siblings = new Siblings();
    for (const edge of tree.edges) siblings.add(edge);
    for (const circle of cycles(siblings.graph)) {
      if (circle.every((node) => tree.sources.has(node))) continue;
      const [example, ...others] = circle.map((node, index) =>
        siblings.exampleOf(node, circle[(index + 1) % circle.length]!),
      );
      const named = [...circle, circle[0]!].map((node) => (tree.sources.has(node) ? node : `${node}/`));
      breach({
        file: example!.from.path,
        line: example!.from.lineAt(example!.import.at),
        what: `closes a circle of folders: ${named.join(' -> ')}`,
        instead: `Let one of them not know the other: see also ${others.map(({ from }) => from.path).join(', ')}.`,
        involves: others.map(({ from }) => from.path),
      });
    }
    return siblings.graph.size;
  },
};

/**
 * The imports between the entries of one folder: an import from a/b/c.ts to a/d/e.ts leads from a/b to a/d.
 * A file beside folders counts as one of them. Tests may know everything.
 */
class Siblings {
  readonly graph = new Map<string, string[]>();
  readonly #examples = new Map<string, Edge>();

  add(edge: Edge): void {
    const { from, target } = edge;
    if (target.kind !== 'file' || !isDependency(edge) || isTesting(from.path) || isTesting(target.path)) return;
    const [one, other] = branches(from.path, target.path);
    // Modules tell each other events, so they know each other's contracts; `no-call-cycles` says which circles there may not be.
    if (one === other || /^modules\/[^/]+$/.test(one)) return;
    const key = `${one} ${other}`;
    if (this.#examples.has(key)) return;
    this.#examples.set(key, edge);
    this.graph.set(one, [...(this.graph.get(one) ?? []), other]);
  }

  exampleOf(from: string, to: string): Edge {
    return this.#examples.get(`${from} ${to}`)!;
  }
}

const isTesting = (path: string): boolean => isForTests(path) || /^modules\/[^/]+\/testing\//.test(path);

/** The two places at which the paths of two files part. */
function branches(one: string, other: string): [string, string] {
  const [ones, others] = [one.split('/'), other.split('/')];
  let shared = 0;
  while (shared < ones.length && ones[shared] === others[shared]) shared++;
  return [ones.slice(0, shared + 1).join('/'), others.slice(0, shared + 1).join('/')];
}
