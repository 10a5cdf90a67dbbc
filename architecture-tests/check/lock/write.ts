import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotCheck } from '../cannot-check.ts';
import type { System } from '../system.ts';
import { changesBetween, entryId } from './changes.ts';
import { emptyLock, lockPath, presentLock, readLock, sections, sorted, type Lock } from './lock.ts';

/**
 * Brings the lock up to what the contracts are now, as part of a release. Only additions get in by themselves;
 * `retired` entries, such as `orders.operations.placeOrder`, are taken out. Returns what to tell the person.
 */
export function writeLock(system: System, retired: readonly string[]): string {
  const present = presentLock(system);
  const locked = without(readLock(system) ?? emptyLock, retired);
  const { breaking, added } = changesBetween(locked, present.lock);
  const [first] = breaking;
  if (first) throw new CannotCheck(`${lockPath} stays as it is: ${first.what}. ${first.instead}`);
  const lock = retired.length === 0 ? present.lock : locked;
  mkdirSync(join(system.root, 'architecture-tests'), { recursive: true });
  writeFileSync(join(system.root, lockPath), `${JSON.stringify(sorted(lock), null, 1)}\n`);
  return retired.length === 0 ? `${lockPath}: ${added.length} added.` : `${lockPath}: ${retired.length} retired.`;
}

function without(lock: Lock, retired: readonly string[]): Lock {
  const known = new Set<string>();
  const kept = sections.map((section) => [
    section,
    Object.fromEntries(
      Object.entries(lock[section]).map(([module, entries]) => [
        module,
        Object.fromEntries(
          Object.entries(entries).filter(([name]) => {
            const id = entryId(section, module, name);
            known.add(id);
            return !retired.includes(id);
          }),
        ),
      ]),
    ),
  ]);
  const unknown = retired.filter((id) => !known.has(id));
  if (unknown.length > 0) throw new CannotCheck(`${lockPath} has no ${unknown.join(' and no ')}.`);
  return Object.fromEntries(kept) as Lock;
}
