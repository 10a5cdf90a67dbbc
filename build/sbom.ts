/** The files beside the program for people who check what they run. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';

/** All packages of the program with their versions and licences, as CycloneDX; and the checksum as `sha256sum -c` reads it. */
export function describeFile(root: string, file: string, sha256: string): void {
  const sbom = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit', 'dev'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  writeFileSync(`${file}.cdx.json`, sbom);
  writeFileSync(`${file}.sha256`, `${sha256}  ${basename(file)}\n`);
}
