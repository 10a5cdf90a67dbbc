import { describe } from 'vitest';
import { exportsSuite } from './exports.suite.ts';
import { InMemoryExports } from './in-memory-exports.ts';

describe('exports in memory', () => {
  exportsSuite(async () => {
    const exports = new InMemoryExports();
    return { exports, pass: async (seconds) => void (exports.now += seconds * 1000) };
  });
});
