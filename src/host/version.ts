import { z } from 'zod';
import { isOneFile, readAsset } from '#platform/assets.ts';

/** The program's version, from package.json. */
export const { version } = z.object({ version: z.string() }).parse(JSON.parse(readAsset('package.json')));

/** Written by the build, for the program as one file. */
const BuildFacts = z.object({ commit: z.string() });

export interface Versions {
  readonly version: string;
  /** The commit that the one file was built from. */
  readonly commit: string;
  readonly node: string;
  readonly postgresql: string;
}

/** The versions of the program and of what it brings along. */
export const versions = (postgresql: string): Versions => ({
  version,
  commit: isOneFile ? BuildFacts.parse(JSON.parse(readAsset('build.json'))).commit : 'not built: runs from its sources',
  node: process.versions.node,
  postgresql,
});
