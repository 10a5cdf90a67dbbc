/** Works out the text of an expression by reading: literals, constants of this or another file, small functions. */
import type { Node, TemplateLiteral } from 'oxc-parser';
import type { SourceFile } from '../source-file.ts';
import type { SourceTree } from '../source-tree.ts';
import { walk } from '../walk.ts';

/** A stretch of the text that stands in the file as it is. */
interface Stretch {
  readonly at: number;
  readonly length: number;
  readonly inFile: number;
}

export interface ReadText {
  readonly text: string;
  /** How many parts could not be told; each stands in the text as a placeholder. */
  readonly computed: number;
  /** The literals of this file that it was read from. */
  readonly literals: readonly Node[];
  readonly stretches: readonly Stretch[];
}

/** A name, so that most statements stay whole with it. */
const placeholder = (index: number): string => `computed_${index}`;
const placeholders = /computed_\d+/g;

/** The texts that the parameters of a function stand for. */
export type Arguments = ReadonlyMap<string, ReadText>;
const none: Arguments = new Map();
const deepest = 12;
const parameter: ReadText = { text: '$1', computed: 0, literals: [], stretches: [] };

export class TextReader {
  readonly #file: SourceFile;
  readonly #tree: SourceTree;
  readonly #depth: number;
  readonly #constants: ReadonlyMap<string, Node>;

  constructor(file: SourceFile, tree: SourceTree, depth = 0) {
    this.#file = file;
    this.#tree = tree;
    this.#depth = depth;
    this.#constants = constantsOf(file);
  }

  read(node: Node, given: Arguments = none, depth = this.#depth): ReadText | undefined {
    if (depth > deepest) return undefined;
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'string' ? this.#written(node.value, node, [node]) : undefined;
      case 'TemplateLiteral': {
        const parts: (ReadText | undefined)[] = [];
        node.quasis.forEach((quasi, index) => {
          parts.push(this.#written(quasi.value.cooked ?? quasi.value.raw, quasi));
          const expression = node.expressions[index];
          if (expression) parts.push(this.read(expression, given, depth + 1));
        });
        return joined(parts, [node]);
      }
      case 'Identifier': {
        const value = this.#constants.get(node.name);
        return given.get(node.name) ?? (value ? this.read(value, given, depth + 1) : this.#imported(node.name, depth));
      }
      case 'BinaryExpression': {
        if (node.operator !== '+') return undefined;
        const [left, right] = [this.read(node.left, given, depth + 1), this.read(node.right, given, depth + 1)];
        return left || right ? joined([left, right]) : undefined;
      }
      // Either may run. Each is also looked at where it is written.
      case 'ConditionalExpression':
        return this.read(node.consequent, given, depth + 1) ?? this.read(node.alternate, given, depth + 1);
      case 'CallExpression':
        return this.#call(node, given, depth);
      case 'ParenthesizedExpression':
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
        return this.read(node.expression, given, depth);
      default:
        return undefined;
    }
  }

  /** Escapes make the text differ from what is written; then nobody can say what stands where. */
  #written(text: string, { start }: Node, literals: readonly Node[] = []): ReadText {
    const inFile = start + 1; // After the quote, the backtick or the brace.
    const stretches = this.#file.text.startsWith(text, inFile) ? [{ at: 0, length: text.length, inFile }] : [];
    return { text, computed: 0, literals, stretches };
  }

  /** A tag takes what is computed as a parameter, unless that is a piece of SQL made by such a tag itself. */
  readTagged(quasi: TemplateLiteral, depth = this.#depth): ReadText {
    const parts: (ReadText | undefined)[] = [];
    quasi.quasis.forEach((piece, index) => {
      parts.push(this.#written(piece.value.cooked ?? piece.value.raw, piece));
      const expression = quasi.expressions[index];
      if (!expression) return;
      const made = expression.type === 'Identifier' ? this.#constants.get(expression.name) : expression;
      const isPiece = made?.type === 'TaggedTemplateExpression' && depth < deepest;
      parts.push(isPiece ? this.readTagged(made.quasi, depth + 1) : parameter);
    });
    return joined(parts, [quasi]);
  }

  /** The arguments of each call of a function of this file; undefined when it can be called from elsewhere. */
  argumentsOf(name: string, parameters: readonly string[]): readonly Arguments[] | undefined {
    const passed: Arguments[] = [];
    let mentions = 0;
    walk(this.#file.program, (node) => {
      if (node.type === 'Identifier' && node.name === name) mentions++;
      if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === name) {
        passed.push(this.#pass(node, parameters, none, this.#depth));
      }
    });
    // Its declaration is the one mention that is no call.
    return passed.length > 0 && mentions === passed.length + 1 ? passed : undefined;
  }

  /** `columns('o')`, where columns is a function of this file that only puts text together. */
  #call(call: Extract<Node, { type: 'CallExpression' }>, given: Arguments, depth: number): ReadText | undefined {
    const made = call.callee.type === 'Identifier' ? this.#constants.get(call.callee.name) : undefined;
    const body = made && textOfFunction(made);
    return body && this.read(body.result, this.#pass(call, body.parameters, given, depth), depth + 1);
  }

  #pass(
    call: Extract<Node, { type: 'CallExpression' }>,
    parameters: readonly string[],
    given: Arguments,
    depth: number,
  ): Arguments {
    const passed = new Map<string, ReadText>();
    parameters.forEach((parameter, index) => {
      const argument = call.arguments[index];
      const value = argument && this.read(argument, given, depth + 1);
      if (value) passed.set(parameter, value);
    });
    return passed;
  }

  #imported(local: string, depth: number): ReadText | undefined {
    for (const { import: each, target } of this.#tree.edgesByFile.get(this.#file.path) ?? []) {
      const name = each.names?.find((name) => name.local === local);
      if (!name || target.kind !== 'file') continue;
      const source = this.#tree.sources.get(target.path);
      const value = source && constantsOf(source).get(name.imported);
      const read = value && new TextReader(source, this.#tree, depth + 1).read(value);
      return read && { ...read, literals: [], stretches: [] };
    }
    return undefined;
  }
}

export interface NamedFunction {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** A function that is declared under a name: `function find(where) {...}` or `const find = (where) => ...`. */
export function namedFunction(node: Node): (NamedFunction & { readonly body: Node }) | undefined {
  const declared =
    node.type === 'FunctionDeclaration' && node.id
      ? { name: node.id.name, made: node }
      : node.type === 'VariableDeclarator' &&
          node.id.type === 'Identifier' &&
          node.init?.type === 'ArrowFunctionExpression'
        ? { name: node.id.name, made: node.init }
        : undefined;
  return declared?.made.body
    ? { name: declared.name, parameters: parametersOf(declared.made.params), body: declared.made.body }
    : undefined;
}

const parametersOf = (params: readonly Node[]): string[] =>
  params.map((parameter) => (parameter.type === 'Identifier' ? parameter.name : ''));

function textOfFunction(node: Node): { parameters: readonly string[]; result: Node } | undefined {
  if (node.type !== 'ArrowFunctionExpression' && node.type !== 'FunctionDeclaration') return undefined;
  const { body } = node;
  const [only, ...others] = body?.type === 'BlockStatement' ? body.body : [];
  const returned = only?.type === 'ReturnStatement' && others.length === 0 ? only.argument : undefined;
  const result = body && body.type !== 'BlockStatement' ? body : returned;
  return result ? { parameters: parametersOf(node.params), result } : undefined;
}

function joined(parts: readonly (ReadText | undefined)[], literals: readonly Node[] = []): ReadText {
  let text = '';
  let computed = 0;
  const stretches: Stretch[] = [];
  for (const part of parts) {
    if (part?.computed === 0) for (const each of part.stretches) stretches.push({ ...each, at: text.length + each.at });
    text += part ? part.text.replace(placeholders, () => placeholder(computed++)) : placeholder(computed++);
  }
  return { text, computed, stretches, literals: [...literals, ...parts.flatMap((part) => part?.literals ?? [])] };
}

const constantsByFile = new WeakMap<SourceFile, ReadonlyMap<string, Node>>();

/** `const columns = 'id, name'` and `function columns() {...}`, wherever in the file. */
function constantsOf(file: SourceFile): ReadonlyMap<string, Node> {
  const known = constantsByFile.get(file);
  if (known) return known;
  const constants = new Map<string, Node>();
  constantsByFile.set(file, constants);
  walk(file.program, (node) => {
    if (node.type === 'FunctionDeclaration' && node.id) constants.set(node.id.name, node);
    if (node.type !== 'VariableDeclaration' || node.kind !== 'const') return;
    for (const { id, init } of node.declarations) if (id.type === 'Identifier' && init) constants.set(id.name, init);
  });
  return constants;
}
