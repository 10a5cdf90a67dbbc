import { isForTests, isTest, placeOf } from '../places.ts';
import { readPrismaSchema } from '../prisma-schema.ts';
import type { Breach, Rule } from '../rule.ts';
import { mayHoldSql, sqlInSource, type SqlText } from '../sql/in-source.ts';
import { loadSqlParser, readSql, type ReadSql } from '../sql/statement.ts';
import type { SourceFile } from '../source-file.ts';
import type { System } from '../system.ts';

type Report = (breach: Breach) => void;

export const oneSchema: Rule = {
  id: 'one-schema',
  title: "A module's data is in its own PostgreSQL schema, and it touches no other",
  adr: 'ADR/0007-isolation-by-role-and-schema.md',
  why: 'A table that two modules touch belongs to neither, and keeps both on one server for good.',

  async check(system, breach) {
    await loadSqlParser();
    return prismaSchemas(system, breach) + sqlFiles(system, breach) + rawSql(system, breach);
  },
};

/** Schemas of PostgreSQL itself, which every role may read. */
const common = new Set(['pg_catalog', 'information_schema', 'pg_temp', 'pg_toast']);
const instead = (schema: string, modules: System['modules']) =>
  modules.has(schema)
    ? `Ask module ${schema} through its contract, or react to its events and keep what is needed.`
    : "Keep it in the module's own schema.";

function prismaSchemas({ tree, modules }: System, breach: Report): number {
  let models = 0;
  for (const path of tree.paths) {
    const owner = ownerOf(path);
    if (owner === undefined || !path.endsWith('.prisma')) continue;
    const { blocks, datasourceSchemas } = readPrismaSchema(tree.read(path));
    if (!modules.has(owner)) {
      breach({
        file: path,
        what: `belongs to ${owner}, which is no module`,
        instead: 'Name the folder in prisma/ after the module.',
      });
      continue;
    }
    for (const { kind, name, schema, line } of blocks) {
      models++;
      if (schema === owner) continue;
      breach({
        file: path,
        line,
        what: `${kind} ${name} is in ${schema === undefined ? 'no schema of its own' : `the schema ${schema}`}`,
        instead: `Write @@schema("${owner}").`,
      });
    }
    for (const { schema, line } of datasourceSchemas) {
      if (schema === owner) continue;
      breach({
        file: path,
        line,
        what: `the datasource names the schema ${schema}`,
        instead: `Write schemas = ["${owner}"].`,
      });
    }
  }
  return models;
}

/** Migrations, the platform's among them, and statements that a module keeps in files. */
function sqlFiles({ tree, modules }: System, breach: Report): number {
  let files = 0;
  for (const path of tree.paths) {
    const place = placeOf(path);
    const owner = place.part === 'module' ? place.module : ownerOf(path);
    if ((owner === undefined && !path.startsWith('src/')) || !path.endsWith('.sql')) continue;
    files++;
    const sql = tree.read(path);
    const lineAt = (at: number) => sql.slice(0, at).split('\n').length;
    try {
      reportForeign(readSql(sql), owner, modules, (each, at) => breach({ file: path, line: lineAt(at), ...each }));
    } catch (error) {
      breach({
        file: path,
        what: `PostgreSQL cannot parse it: ${(error as Error).message}`,
        instead: 'Write SQL that PostgreSQL accepts.',
      });
    }
  }
  return files;
}

/** `prisma/orders/...` is of orders. */
function ownerOf(path: string): string | undefined {
  const [top, owner, file] = path.split('/');
  return top === 'prisma' && file !== undefined ? owner : undefined;
}

function rawSql(system: System, breach: Report): number {
  let statements = 0;
  for (const file of system.tree.sources.values()) {
    const place = placeOf(file.path);
    const inSource = file.path.startsWith('src/') && !isForTests(file.path);
    if ((place.part !== 'module' && !inSource) || !mayHoldSql(file.text)) continue;
    const { texts, unreadable } = sqlInSource(file, system.tree);
    statements += texts.length;
    for (const text of texts) readText(text, file, place.part === 'module' ? place.module : undefined, system, breach);
    // A test may try many statements by turns; each is read where it is written.
    if (place.part !== 'module' || isTest(file.path)) continue;
    for (const { what, line } of unreadable) {
      breach({
        file: file.path,
        line,
        what,
        instead: 'Pass the statement as a literal, or as a const of the same file.',
      });
    }
  }
  return statements;
}

/** `owner` is undefined in src/, whose statements run in whichever schema they are given. */
function readText(
  text: SqlText,
  file: SourceFile,
  owner: string | undefined,
  { modules }: System,
  breach: Report,
): void {
  const at = (offset: number) => ({ file: file.path, line: text.lineAt(offset) });
  const strict = owner !== undefined && !isTest(file.path) && text.runs;
  if (strict && text.computed > 0) {
    breach({
      ...at(0),
      what: 'runs SQL of which a part is computed',
      instead: 'Pass values as $1, $2; choose between whole statements.',
    });
  }
  const sql = parsed(text);
  if (!sql) {
    if (strict && text.computed === 0)
      breach({
        ...at(0),
        what: 'runs SQL that PostgreSQL cannot parse',
        instead: 'Write SQL that PostgreSQL accepts.',
      });
    return;
  }
  reportForeign(sql, owner, modules, (each, offset) => breach({ ...at(offset), ...each }));
}

/** Where a part is computed, a name mostly fits; where none does, there is nothing to be said. */
function parsed({ sql }: SqlText): ReadSql | undefined {
  try {
    return readSql(sql);
  } catch {
    return undefined;
  }
}

function reportForeign(
  { uses, hidden }: ReadSql,
  owner: string | undefined,
  modules: System['modules'],
  report: (breach: Pick<Breach, 'what' | 'instead'>, at: number) => void,
): void {
  for (const { schema, object, how, at } of uses) {
    if (schema === owner || common.has(schema)) continue;
    const known = modules.has(schema);
    // A role or, in src/, a computed schema is only wrong when it is a module's.
    if (!known && (how === 'grants to' || owner === undefined)) continue;
    const what =
      how === 'references'
        ? `has a foreign key to ${object}`
        : how === 'grants to'
          ? `gives the role of module ${schema} something`
          : object === schema
            ? `touches the schema ${schema}`
            : `touches ${object}`;
    report({ what: owner === undefined ? `names a module: ${what}` : what, instead: instead(schema, modules) }, at);
  }
  if (owner === undefined) return;
  for (const { what, at } of hidden) {
    report({ what, instead: 'Write the statement out, so that what it touches can be read.' }, at);
  }
}
