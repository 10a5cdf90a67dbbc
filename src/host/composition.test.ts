/** A host with one module, a library made up here: what its wiring lacks, and when that shows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Clock } from '#platform/clock.ts';
import { api, event, query } from '#platform/contract.ts';
import { atStart, defineModule, every, on, onCommandLine, run, site, use, type Bind } from '#platform/module.ts';
import { saga } from '#platform/sagas.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import { libraryDatabase, type TestDatabase } from '../../tests/support/postgres.ts';
import { compose } from './composition.ts';
import { readConfiguration } from './configuration.ts';
import { Identity } from './identity.ts';
import { Opened } from './opened.ts';

const LibraryApi = api('library', { find: query(1, { input: z.object({}), output: z.object({}), errors: [] }) });
const bookLost = event('readers.book-lost', 1, { key: 'id', payload: z.object({ id: z.string() }) });
const Lending = saga('library.lending', 1, z.object({ id: z.string() }));

/** The ports, one for each kind of what uses them. */
abstract class Shelves {}
abstract class LostBooks {}
abstract class Loans {}
abstract class Fines {}
abstract class Catalogue {}
abstract class Librarians {}
abstract class Pages {}
abstract class Readers {}
const ports = { Shelves, LostBooks, Loans, Fines, Catalogue, Librarians, Pages, Readers };

const nothing = async () => {};
const library = (bound: (bind: Bind) => void) =>
  defineModule('library', {
    offers: LibraryApi,
    ports: bound,
    operations: { find: use((_: Shelves) => async () => ({}), [Shelves]) },
    reactions: { 'write-off': on(bookLost, (_: LostBooks) => nothing, [LostBooks]) },
    sagas: [run(Lending, (_: Loans) => ({ deadline: 1_000, steps: [] }), [Loans])],
    schedules: { remind: every(60_000, (_: Fines) => nothing, [Fines]) },
    starts: [
      atStart(
        function fill(_: Catalogue) {
          return nothing;
        },
        [Catalogue],
      ),
    ],
    sites: [
      site(['/reading/*'], (_pages, _greet, find) => () => find({}), [
        Pages,
        use((_: Readers) => nothing, [Readers]),
        LibraryApi.find,
      ]),
    ],
    commands: {
      'librarian list': onCommandLine(
        { takes: [], summary: 'show them', json: '[]' },
        (_: Librarians) => async () => ({ lines: [], json: [] }),
        [Librarians],
      ),
    },
  });

let test: TestDatabase;
beforeAll(async () => {
  test = await libraryDatabase();
});
afterAll(() => test.drop());

async function start(bound: (bind: Bind) => void): Promise<void> {
  const environment = {};
  const logger = createLogger({ level: 'silent', format: 'json' });
  const opened = new Opened(logger);
  const configuration = readConfiguration(environment);
  const { database, connection } = test;
  try {
    await compose(
      {
        environment,
        configuration,
        logger,
        announce() {},
        identity: new Identity(configuration, logger, opened),
        definitions: [library(bound)],
        elsewhere: [],
        isGateway: true,
        databases: new Map([
          [
            'library',
            { database, connection, variable: 'DATABASE_URL', migrations: [], ping: () => database.query('SELECT 1') },
          ],
        ]),
        authenticator: { keys: async () => [], isLive: async () => true, onEnded() {} },
      },
      opened,
    );
  } finally {
    await opened.closeAll();
  }
}

const allBut = (left: string | undefined) => (bind: Bind) => {
  for (const [name, port] of Object.entries(ports)) if (name !== left) bind(port).toConstantValue({});
};

describe('a module with a port that nobody bound', () => {
  it.each([
    ['the operation find', 'Shelves'],
    ['the reaction write-off', 'LostBooks'],
    ['the saga library.lending', 'Loans'],
    ['the schedule remind', 'Fines'],
    ['the start hook fill', 'Catalogue'],
    ['the command librarian list', 'Librarians'],
    ['the site at /reading/*', 'Pages'],
    ['the site at /reading/*', 'Readers'],
  ])('does not start where %s needs it, and one line says so', async (user, port) => {
    await expect(start(allBut(port))).rejects.toThrow(
      new RegExp(
        `^Module library: ${user.replace('*', '\\*')} asks for ${port}, a port that nothing binds\\. Bind it in \`ports\` of modules/library/module\\.ts\\.$`,
      ),
    );
  });

  it('starts when it is there', () => expect(start(allBut(undefined))).resolves.toBeUndefined());
});

describe('a module with a port that cannot be made', () => {
  it.each(Object.entries(ports))('does not start without %s', async (name, port) => {
    const broken = (bind: Bind) => {
      allBut(name)(bind);
      bind(port).toResolvedValue(() => {
        throw new Error(`${name} are on fire.`);
      }, [Clock]);
    };
    await expect(start(broken)).rejects.toThrow(`${name} are on fire.`);
  });
});
