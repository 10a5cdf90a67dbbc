import type { Api } from '../../src/platform/contract.ts';
import { protoFile } from '../../src/runtime/grpc/proto-file.ts';
import { isApi, loadExports } from './contracts.ts';
import { readLock } from './lock/lock.ts';
import type { Numbered } from './lock/protos.ts';
import type { System } from './system.ts';

/** The .proto file of every module that offers something, by module. */
export function protoFiles(system: System): ReadonlyMap<string, string> {
  const loaded = new Map(
    [...system.modules.values()].map(({ name, contract }) => [name, loadExports(system.root, contract.path)]),
  );
  const locked = readLock(system)?.protos ?? {};
  const files = new Map<string, string>();
  for (const [module, own] of loaded) {
    const api = Object.values(own).find(isApi) as Api | undefined;
    if (!api) continue;
    const released = Object.entries(locked[module] ?? {}).filter(
      (entry): entry is [string, Numbered] => 'numbers' in entry[1],
    );
    const exports = new Map([[module, own], ...loaded]);
    files.set(module, protoFile({ module, api, exports, released: Object.fromEntries(released) }));
  }
  return files;
}
