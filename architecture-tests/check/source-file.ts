import type { Node, Program } from 'oxc-parser';
import { expressionsIn, statementsOf, type Import } from './imports.ts';
import { parseRecords, parseTree } from './parse.ts';

/** Words without which every import of a file is a plain statement that the parser's records hold. */
const unusualImport =
  /\brequire\b|\bimport\s*\(|\bimport\s*\.|\bimport\s+(type\s+)?\w+\s*=|\bmodule\s*['"]|\b(vi|jest)\s*\.|\bcreateRequire\b|<reference\b/;

/** One file, parsed once: whole where somebody will look inside, else only for its imports. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  #program: Program | undefined;
  #lineStarts: number[] | undefined;

  constructor(path: string, text: string, treeIsWanted: boolean) {
    this.path = path;
    this.text = text;
    if (treeIsWanted || unusualImport.test(text)) {
      const { program, records } = parseTree(path, text);
      // Ten thousand trees fill the memory.
      if (treeIsWanted) this.#program = program;
      this.imports = [...statementsOf(records, text), ...expressionsIn(program, text)];
    } else {
      this.imports = parseRecords(path, text, (records) => statementsOf(records, text));
    }
  }

  /** The syntax tree, for a rule that has to look inside. */
  get program(): Program {
    return (this.#program ??= parseTree(this.path, this.text).program);
  }

  /** 1 for the first line. */
  lineAt(offset: number): number {
    this.#lineStarts ??= lineStartsOf(this.text);
    let low = 0;
    let high = this.#lineStarts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  lineOf(node: Node): number {
    return this.lineAt(node.start);
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
