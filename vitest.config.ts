import { defineConfig } from 'vitest/config';

const everywhere = ['src', 'modules', 'prisma', 'tests', 'bench'].map((folder) => `${folder}/**/*.test.ts`);
const server = 'tests/support/postgres-server.ts';
/** For every project: what `test` says beside the projects does not reach into them. */
const patient = {
  // They end what hangs, also on a machine many times as slow.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
  test: {
    // Most of the time goes to waiting for PostgreSQL.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'modules-and-platform',
          include: everywhere,
          exclude: ['tests/acceptance/**', 'tests/faults/**', 'tests/single-file/**', '**/node_modules/**'],
          globalSetup: [server],
          ...patient,
        },
      },
      {
        // Reads and parses; needs no database, and its files share what they loaded.
        test: {
          name: 'architecture',
          include: ['architecture-tests/*.test.ts'],
          globalSetup: ['architecture-tests/support/temporary-folder.ts'],
          isolate: false,
          ...patient,
        },
      },
      {
        // Over HTTP only, against one program that all files share, or against BASE_URL.
        test: {
          name: 'acceptance',
          include: ['tests/acceptance/**/*.test.ts'],
          globalSetup: ['tests/acceptance/setup.ts'],
          ...patient,
        },
      },
      {
        // Kills and restarts whole programs: minutes, so .ci/run has a step of its own for it.
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          globalSetup: [server],
          fileParallelism: false,
          ...patient,
          testTimeout: 600_000,
        },
      },
      {
        // Builds the program as one file first. Each test has folders and ports of its own.
        test: {
          name: 'single-file',
          include: ['tests/single-file/**/*.test.ts'],
          globalSetup: [server, 'tests/single-file/setup.ts'],
          ...patient,
          testTimeout: 600_000,
        },
      },
    ],
  },
});
