/** Which PostgreSQL schemas a statement touches, by PostgreSQL's own parser. */
import { loadModule, parsePlPgSQLSync, parseSync } from 'libpg-query';

export interface SchemaUse {
  readonly schema: string;
  /** `payments.intents`, or what is done to the schema itself. */
  readonly object: string;
  /** 'references' for a foreign key, 'names' for all else. */
  readonly how: 'references' | 'names' | 'grants to';
  /** Where in the text. */
  readonly at: number;
}
export interface ReadSql {
  readonly uses: readonly SchemaUse[];
  /** Parts that only PostgreSQL sees when it runs them, such as EXECUTE in a function. */
  readonly hidden: readonly { readonly what: string; readonly at: number }[];
}

/** Before the first `readSql`: compiles the parser's WebAssembly. */
export const loadSqlParser = (): Promise<void> => loadModule();

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };

/** Throws what PostgreSQL would say of a statement it cannot parse. */
export function readSql(sql: string): ReadSql {
  const bytes = Buffer.from(sql);
  // PostgreSQL counts in bytes.
  const inText =
    bytes.length === sql.length ? (byte: number) => byte : (byte: number) => bytes.toString('utf8', 0, byte).length;
  const uses: SchemaUse[] = [];
  const hidden: ReadSql['hidden'][number][] = [];
  for (const { stmt, stmt_location: start = 0, stmt_len: length } of parseSync(sql).stmts ?? []) {
    const text = bytes.toString('utf8', start, length === undefined ? undefined : start + length);
    const reader = new StatementReader(text, start + Buffer.byteLength(text) - Buffer.byteLength(text.trimStart()));
    reader.read(stmt as unknown as Json);
    for (const use of reader.uses) uses.push({ ...use, at: inText(use.at) });
    for (const each of reader.hidden) hidden.push({ ...each, at: inText(each.at) });
  }
  return { uses, hidden };
}

/** Functions that take the name of a table or sequence as text. */
const takesName =
  /^(nextval|currval|setval|to_reg\w+|pg_get_serial_sequence|has_\w+_privilege|pg_(total_)?relation_size|pg_table_size|txid_\w+)$/;
/** Functions that reach other databases or other people's memory. */
const reachesOut = new Set([
  'CreateForeignServerStmt',
  'CreateFdwStmt',
  'CreateForeignTableStmt',
  'ImportForeignSchemaStmt',
  'CreateSubscriptionStmt',
  'CreateUserMappingStmt',
]);
const outgoingExtensions = /^(dblink|.*_fdw)$/;
const namedAs: Readonly<Record<string, string>> = {
  FuncCall: 'funcname',
  TypeName: 'names',
  CreateFunctionStmt: 'funcname',
  CreateTrigStmt: 'funcname',
  CreateEnumStmt: 'typeName',
  AlterEnumStmt: 'typeName',
  CreateDomainStmt: 'domainname',
  AlterDomainStmt: 'typeName',
  DefineStmt: 'defnames',
  ObjectWithArgs: 'objname',
  AlterTypeStmt: 'typeName',
  CreateStatsStmt: 'defnames',
};

/** Places are in bytes here. */
class StatementReader {
  readonly uses: SchemaUse[] = [];
  readonly hidden: { what: string; at: number }[] = [];
  readonly #text: string;
  readonly #start: number;
  #at: number;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#start = start;
    this.#at = start;
  }

  read(json: Json): void {
    if (Array.isArray(json)) for (const each of json) this.read(each);
    else if (json !== null && typeof json === 'object') {
      if (typeof json.location === 'number' && json.location >= 0) this.#at = json.location;
      for (const [kind, value] of Object.entries(json)) {
        if (value === null || typeof value !== 'object') continue;
        if (!Array.isArray(value)) this.#node(kind, value);
        this.read(value);
      }
      // Not tagged with their kind where the grammar allows one kind only.
      if (typeof json.relname === 'string' && typeof json.schemaname === 'string')
        this.#use(json.schemaname, json.relname, json);
    }
  }

  #node(kind: string, node: Fields): void {
    const list = namedAs[kind];
    if (list) this.#qualified(strings(node[list] ?? null), node);
    if (reachesOut.has(kind)) this.#hide('reaches another database');
    switch (kind) {
      case 'Constraint':
        // Its table is read here, to say that it is a foreign key.
        if (isFields(node.pktable) && typeof node.pktable.schemaname === 'string') {
          this.#use(node.pktable.schemaname, text(node.pktable.relname), node.pktable, 'references');
          delete node.pktable;
        }
        break;
      case 'ColumnRef': {
        const fields = strings(node.fields ?? null);
        if (fields.length > 2) this.#use(fields[0] as string, fields[1] as string, node);
        break;
      }
      case 'CreateSchemaStmt':
        this.#use(text(node.schemaname), '', node);
        break;
      case 'AlterObjectSchemaStmt':
        this.#use(text(node.newschema), '', node);
        break;
      case 'DropStmt':
      case 'GrantStmt':
      case 'CommentStmt':
      case 'RenameStmt':
      case 'AlterOwnerStmt':
        this.#objects(node);
        break;
      case 'RoleSpec':
        if (typeof node.rolename === 'string') this.#use(node.rolename, '', node, 'grants to');
        break;
      case 'VariableSetStmt':
        if (node.name === 'search_path') for (const schema of strings(node.args ?? null)) this.#use(schema, '', node);
        break;
      case 'CreateExtensionStmt':
        if (outgoingExtensions.test(text(node.extname)))
          this.#hide(`the extension ${text(node.extname)} reaches other databases`);
        break;
      case 'TypeCast':
        this.#cast(node);
        break;
      case 'CreateFunctionStmt':
        this.#body(node, 'sql');
        break;
      case 'DoStmt':
        this.#body(node, 'plpgsql');
        break;
    }
    if (kind === 'FuncCall') this.#call(node);
  }

  #call(node: Fields): void {
    const name = strings(node.funcname ?? null).at(-1) ?? '';
    const [first, second] = Array.isArray(node.args) ? node.args : [];
    if (takesName.test(name)) this.#named(first ?? null, name);
    if (name === 'set_config' && strings(first ?? null)[0] === 'search_path') {
      for (const schema of (strings(second ?? null)[0] ?? '').split(','))
        this.#use(schema.trim().replaceAll('"', ''), '', node);
    }
    if (name.startsWith('dblink')) this.#hide('dblink reaches other databases');
  }

  #cast(node: Fields): void {
    const type = isFields(node.typeName) ? (strings(node.typeName.names ?? null).at(-1) ?? '') : '';
    if (type.startsWith('reg')) this.#named(node.arg ?? null, type);
  }

  /** A name given as text: `'payments.intents'::regclass`. */
  #named(argument: Json, by: string): void {
    const [name] = strings(argument);
    if (name === undefined) return;
    const [schema, object] = name.replaceAll('"', '').split('.') as [string, string?];
    if (object !== undefined) this.#use(schema, object, {});
    else if (by.endsWith('namespace')) this.#use(schema, '', {});
  }

  /** Reads the targets of DROP, GRANT, COMMENT and RENAME: a schema by one name, anything else by a list. */
  #objects(node: Fields): void {
    const kind = text(node.removeType ?? node.objtype ?? node.objectType ?? node.renameType);
    if (kind === 'OBJECT_SCHEMA') {
      for (const schema of [
        ...strings(node.objects ?? null),
        ...strings(node.object ?? null),
        ...strings(node.subname ? { String: { sval: node.subname } } : null),
      ]) {
        this.#use(schema, '', node);
      }
      return;
    }
    for (const each of Array.isArray(node.objects) ? node.objects : [node.object ?? null]) {
      const names = strings(each);
      // A column's comment has three names, a constraint's as well.
      if (names.length > 1) this.#use(names[0] as string, names[1] as string, node);
    }
  }

  #qualified(names: readonly string[], node: Fields): void {
    if (names.length > 1) this.#use(names[0] as string, names[1] as string, node);
  }

  /** The inside of a function or DO block is SQL of its own, which the grammar leaves as text. */
  #body(node: Fields, otherwise: string): void {
    const options = (Array.isArray(node.options ?? node.args) ? (node.options ?? node.args) : []) as Fields[];
    const option = (name: string) => {
      const found = options.map((each) => each.DefElem).find((each) => isFields(each) && each.defname === name);
      return isFields(found) ? strings(found.arg ?? null) : [];
    };
    const language = option('language')[0] ?? otherwise;
    const [body] = option('as');
    if (body === undefined) return;
    if (language === 'plpgsql') this.#plpgsql();
    else if (language === 'sql') this.#inner(body);
    else this.#hide(`a body in ${language} cannot be read`);
  }

  #plpgsql(): void {
    const visit = (json: Json): void => {
      if (Array.isArray(json)) return json.forEach(visit);
      if (!isFields(json)) return;
      for (const [kind, value] of Object.entries(json)) {
        if (/^PLpgSQL_stmt_(dynexecute|dynfors)$/.test(kind) && isFields(value)) {
          const statement = /^\s*'((?:[^']|'')*)'\s*$/.exec(expression(value.query ?? null) ?? '')?.[1];
          if (statement === undefined) this.#hide('EXECUTE runs a computed statement');
          else this.#inner(statement.replaceAll("''", "'"));
        } else if (kind === 'PLpgSQL_expr' && isFields(value)) {
          const query = text(value.query);
          // 0: a statement; 2: an expression; 3 and above: `variable := expression`.
          if (value.parseMode === 0) this.#inner(query);
          else this.#inner(`SELECT ${value.parseMode === 2 ? query : query.replace(/^.*?:?=/s, '')}`);
        } else {
          visit(value);
        }
      }
    };
    visit(parsePlPgSQLSync(this.#text) as unknown as Json);
  }

  #inner(sql: string): void {
    const found = this.#text.trimStart().indexOf(sql.replace(/^SELECT /, '').trim());
    const at = this.#start + Buffer.byteLength(this.#text.trimStart().slice(0, Math.max(0, found)));
    try {
      const { uses, hidden } = readSql(sql);

      for (const use of uses) this.uses.push({ ...use, at });
      for (const each of hidden) this.hidden.push({ ...each, at });
    } catch (error) {
      this.hidden.push({ what: `PostgreSQL cannot parse a part: ${(error as Error).message}`, at });
    }
  }

  #use(schema: string, object: string, node: Fields, how: SchemaUse['how'] = 'names'): void {
    if (schema === '') return;
    const at = typeof node.location === 'number' && node.location >= 0 ? node.location : this.#at;
    this.uses.push({
      schema,
      object: object === '' ? schema : `${schema}.${object}`,
      how,
      at: Math.max(at, this.#start),
    });
  }

  #hide(what: string): void {
    this.hidden.push({ what, at: this.#at });
  }
}

const isFields = (json: Json | undefined): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
const text = (json: Json | undefined): string => (typeof json === 'string' ? json : '');
const expression = (json: Json): string | undefined =>
  isFields(json) && isFields(json.PLpgSQL_expr) ? text(json.PLpgSQL_expr.query) : undefined;

/** Every name or text constant in a node, in order. */
function strings(json: Json): string[] {
  if (Array.isArray(json)) return json.flatMap(strings);
  if (!isFields(json)) return [];
  if (typeof json.sval === 'string') return [json.sval];
  return Object.values(json).flatMap(strings);
}
