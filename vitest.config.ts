import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src', 'modules', 'prisma', 'tests', 'architecture-tests', 'bench'].map((folder) => `${folder}/**/*.test.ts`),
    // These kill and restart whole programs; .ci/run has a step of its own for them.
    exclude: ['tests/faults/**', '**/node_modules/**', 'architecture-tests/violations/**'],
    globalSetup: ['tests/support/postgres-server.ts'],
    testTimeout: 15_000,
    hookTimeout: 60_000,
  },
});
