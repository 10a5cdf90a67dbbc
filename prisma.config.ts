/**
 * Prisma's own commands work on one module at a time, and leave the platform's tables in its schema alone (ADR 0015):
 * MODULE=orders DATABASE_URL=postgresql://... npx prisma migrate status
 */
import { platformTables } from './src/runtime/tables/platform-tables.ts';

export const configOf = (module: string, databaseUrl?: string) => ({
  schema: `prisma/${module}`,
  migrations: { path: `prisma/${module}/migrations` },
  experimental: { externalTables: true },
  tables: { external: platformTables.map((table) => `${module}.${table}`) },
  ...(databaseUrl && { datasource: { url: withSchema(databaseUrl, module) } }),
});

/** Prisma keeps its `_prisma_migrations` in the schema that the URL names. */
function withSchema(databaseUrl: string, schema: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('schema', schema);
  return url.href;
}

const { MODULE, DATABASE_URL } = process.env;
export default MODULE ? configOf(MODULE, DATABASE_URL) : {};
