import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Aliases } from './aliases.ts';

export type Target =
  | { readonly kind: 'file'; readonly path: string; readonly exists: boolean }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'builtin'; readonly name: string }
  /** An alias that leads nowhere. */
  | { readonly kind: 'unknown' };

const builtins = new Set(builtinModules);
const endings = ['.ts', '.tsx', '.mts', '.cts', '.d.ts', '.js', '.jsx', '.mjs', '.cjs', '.json'];
const written: Readonly<Record<string, string>> = { '.js': '.ts', '.jsx': '.tsx', '.mjs': '.mts', '.cjs': '.cts' };

/** Resolves a specifier in `from` against the list of files, without asking the disk. */
export function resolve(from: string, specifier: string, files: ReadonlySet<string>, aliases: Aliases): Target {
  const [bare] = specifier.split('?') as [string];
  if (bare.startsWith('.')) return file(posix.join(posix.dirname(from), bare), files);
  if (bare.startsWith('/'))
    return file(bare.startsWith(`${aliases.root}/`) ? bare.slice(aliases.root.length + 1) : bare.slice(1), files);
  if (bare.startsWith('node:')) return { kind: 'builtin', name: bare.slice('node:'.length) };

  const candidates = aliases.of(bare);
  if (candidates.length > 0) {
    const targets = candidates.map((candidate) =>
      candidate.startsWith('./') ? file(posix.normalize(candidate), files) : packageOrBuiltin(candidate),
    );
    return targets.find((target) => target.kind !== 'file' || target.exists) ?? (targets[0] as Target);
  }
  return bare.startsWith('#') ? { kind: 'unknown' } : packageOrBuiltin(bare);
}

function packageOrBuiltin(specifier: string): Target {
  const [scope, name] = specifier.split('/');
  if (builtins.has(specifier) || builtins.has(scope as string)) return { kind: 'builtin', name: specifier };
  return { kind: 'package', name: scope?.startsWith('@') && name ? `${scope}/${name}` : (scope as string) };
}

function file(path: string, files: ReadonlySet<string>): Target {
  if (files.has(path)) return { kind: 'file', path, exists: true };
  const ending = posix.extname(path);
  const candidates = [
    ...endings.map((each) => path + each),
    ...(written[ending] ? [path.slice(0, -ending.length) + written[ending]] : []),
    ...endings.map((each) => posix.join(path, `index${each}`)),
  ];
  const found = candidates.find((candidate) => files.has(candidate));
  return { kind: 'file', path: found ?? path, exists: found !== undefined };
}
