/**
 * oxc parses in native code; what costs is bringing the tree to JavaScript. Most files are only asked for their
 * imports, and those can be read out of the parser's memory where they lie. Where a machine cannot share its memory,
 * the same comes as JSON, in twice the time.
 */
import { parseSync, rawTransferSupported, type ParserOptions, type ParseResult, type Program } from 'oxc-parser';
import { CannotCheck } from './cannot-check.ts';

/** Static imports and exports, as the parser keeps them: told by their type, since oxc has two shapes of each name. */
export interface Records {
  readonly staticImports: readonly {
    readonly start: number;
    readonly moduleRequest: { readonly value: string; readonly start: number };
    readonly entries: readonly {
      readonly importName: unknown;
      readonly localName: { readonly value: string };
      readonly isType: boolean;
    }[];
  }[];
  readonly staticExports: readonly {
    readonly entries: readonly {
      readonly moduleRequest: { readonly value: string; readonly start: number } | null;
      readonly importName: unknown;
      readonly exportName: unknown;
      readonly isType: boolean;
    }[];
  }[];
}

const whole = { experimentalRawTransfer: true } as ParserOptions;
const lazy = { experimentalLazy: true } as ParserOptions;
let isShared = rawTransferSupported();

export function parseTree(path: string, text: string): { program: Program; records: Records } {
  const { program, module } = parse(path, text, whole);
  return { program, records: module };
}

/** Lends the records to `use`; they are gone when it returns. */
export function parseRecords<T>(path: string, text: string, use: (records: Records) => T): T {
  const parsed = parse(path, text, lazy) as ParseResult & { dispose?(): void };
  const used = use(parsed.module as unknown as Records);
  // The parser's memory is used again for the next file, and not left to the garbage collector.
  parsed.dispose?.();
  return used;
}

function parse(path: string, text: string, options: ParserOptions): ParseResult {
  const parsed = isShared ? parseShared(path, text, options) : parseSync(path, text);
  const [error] = parsed.errors;
  if (error) throw new CannotCheck(`${path} cannot be parsed: ${error.message}`);
  return parsed;
}

/** The shared memory is addresses more than memory, but where those are rationed there is none to be had. */
function parseShared(path: string, text: string, options: ParserOptions): ParseResult {
  try {
    return parseSync(path, text, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    isShared = false;
    return parseSync(path, text);
  }
}
