import { parseSync, rawTransferSupported, type Node, type ParserOptions, type ParseResult, type Program } from 'oxc-parser';
import { importsOf, type Import } from './imports.ts';
import { CannotCheck } from './cannot-check.ts';

/** Hands the tree over in memory instead of as JSON, where the machine can: the result is the same, in half the time. */
const options = (rawTransferSupported() ? { experimentalRawTransfer: true } : {}) as ParserOptions;

/** Words without which every import of a file is a plain statement that the import records hold. */
const unusualImport =
  /\brequire\b|\bimport\s*\(|\bimport\s*\.|\bimport\s+(type\s+)?\w+\s*=|\bmodule\s*['"]|\b(vi|jest)\s*\.|\bcreateRequire\b|<reference\b/;

/** One file, parsed once. Its tree is kept only where somebody will look at it: ten thousand trees fill the memory. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  #program: Program | undefined;
  #lineStarts: number[] | undefined;

  constructor(path: string, text: string, treeIsWanted: boolean) {
    this.path = path;
    this.text = text;
    const parsed = parse(path, text);
    if (treeIsWanted) this.#program = parsed.program;
    this.imports = importsOf(parsed.module, unusualImport.test(text) ? parsed.program : undefined, text);
  }

  /** The syntax tree, for a rule that has to look inside. */
  get program(): Program {
    return (this.#program ??= parse(this.path, this.text).program);
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

function parse(path: string, text: string): ParseResult {
  const parsed = parseSync(path, text, options);
  const [error] = parsed.errors;
  if (error) throw new CannotCheck(`${path} cannot be parsed: ${error.message}`);
  return parsed;
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
