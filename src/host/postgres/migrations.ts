/** The migrations that this program brings: the platform's for every module's schema, and each module's own. */
import { listAssets, readAsset } from '#platform/assets.ts';

export interface Migration {
  /** Recorded when it has been applied; the names of one ledger are applied in their order. */
  readonly name: string;
  readonly sql: string;
}

export interface Migrations {
  /** Applied first. Their SQL names no schema: it runs in that of each module. */
  readonly platform: readonly Migration[];
  readonly own: readonly Migration[];
}

const platformFolder = 'src/runtime/tables/migrations';

/** Begins the names of the platform's migrations, so that they are told from a module's wherever a name stands alone. */
export const platformPrefix = 'platform/';

export const migrationsOf = (module: string): Migrations => ({
  platform: migrationsIn(platformFolder).map(({ name, sql }) => ({ name: platformPrefix + name, sql })),
  own: migrationsIn('prisma', `${module}/migrations/`),
});

/** Up to release 0.1 a module's first migration made the platform's tables, which is what the platform's first does now. */
export const isFormerPlatformMigration = (name: string): boolean => /^\d{14}_platform$/.test(name);

/** The file of a migration, for a person. */
export const fileOf = (module: string, name: string): string =>
  name.startsWith(platformPrefix)
    ? `${platformFolder}/${name.slice(platformPrefix.length)}`
    : `prisma/${module}/migrations/${name}`;

function migrationsIn(folder: string, prefix = ''): Migration[] {
  const suffix = '/migration.sql';
  return listAssets(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith(suffix))
    .map((file) => ({ name: file.slice(prefix.length, -suffix.length), sql: readAsset(`${folder}/${file}`) }));
}
