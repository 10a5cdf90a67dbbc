import { describe } from 'vitest';
import { exportsContract } from './exports-contract.ts';
import { InMemoryExports } from './in-memory-exports.ts';

describe('exports in memory', () => {
  exportsContract(async () => {
    const exports = new InMemoryExports();
    return { exports, pass: async (seconds) => void (exports.now += seconds * 1000) };
  });
});
