/** The files beside the program for people who check what they run. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';

interface Bom {
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly properties?: readonly { readonly name: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** All packages of the program with their versions and licences, as CycloneDX; and the checksum as `sha256sum -c` reads it. */
export function describeFile(root: string, file: string, sha256: string): void {
  const sbom = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  writeFileSync(`${file}.cdx.json`, JSON.stringify(withoutTools(JSON.parse(sbom) as Bom), null, 2));
  writeFileSync(`${file}.sha256`, `${sha256}  ${basename(file)}\n`);
}

/** `npm sbom --omit dev` also leaves out packages of the program that a tool depends on as well. */
function withoutTools(bom: Bom): Bom {
  const isTool = ({ properties = [] }: Bom['components'][number]) =>
    properties.some(({ name }) => name === 'cdx:npm:package:development');
  const tools = new Set(bom.components.filter(isTool).map((component) => component['bom-ref']));
  return {
    ...bom,
    components: bom.components.filter((component) => !tools.has(component['bom-ref'])),
    dependencies: bom.dependencies
      .filter(({ ref }) => !tools.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => !tools.has(other)) })),
  };
}
