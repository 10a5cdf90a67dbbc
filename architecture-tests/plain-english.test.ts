/** Comments start with a noun or a verb, what the thing is or does, so that people who skim need no second reading. */
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { read } from './check/check.ts';

/** Beginnings that make a riddle of a comment: "Of the program.", "What is not here.", "Whoever reads it." */
const riddle = /^(?:Of|What|Whoever|Whether|Those|That)\b/;

/** The comments of a text that begin like riddles, each with its line. Consecutive `//` lines are one comment. */
function riddles(path: string, text: string): string[] {
  const { comments } = parseSync(path, text);
  return comments.flatMap(({ type, value, start, end }, index) => {
    const before = comments[index - 1];
    const goesOn = type === 'Line' && before?.type === 'Line' && /^\n\s*$/.test(text.slice(before.end, start));
    const said = value.replace(/^[*\s]+/, '');
    const isDoc = type === 'Line' || text.slice(start, end).startsWith('/**');
    return isDoc && !goesOn && riddle.test(said)
      ? [`${path}:${text.slice(0, start).split('\n').length}: ${said.split('\n', 1)[0]!.trim()}`]
      : [];
  });
}

describe('comments', () => {
  it('start with a noun or a verb', () => {
    const sources = [...read(join(import.meta.dirname, '..')).tree.sources];
    expect(sources.length).toBeGreaterThan(500);
    expect(sources.flatMap(([path, file]) => riddles(path, file.text))).toEqual([]);
  });

  it('are found where they do not', () => {
    const text = [
      '/** Of the program. */',
      'const version = 1; // What it is.',
      '/**',
      ' * Whoever reads it.',
      ' */',
      '// Names are compared.',
      '// Whether they are equal is not said.',
      "const text = '// That is text';",
      '/** The version. */',
    ].join('\n');
    expect(riddles('example.ts', text)).toEqual([
      'example.ts:1: Of the program.',
      'example.ts:2: What it is.',
      'example.ts:3: Whoever reads it.',
    ]);
  });
});
