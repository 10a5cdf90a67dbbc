import { changesBetween } from '../lock/changes.ts';
import { lockPath, presentLock, readLock } from '../lock/lock.ts';
import { CannotCheck } from '../cannot-check.ts';
import type { Rule } from '../rule.ts';

export const contractLock: Rule = {
  id: 'contract-lock',
  title: 'The promises of the last release still hold',
  adr: 'ADR/0033-the-contract-lock.md',
  why: 'While a release rolls out, old and new peers talk to each other, and data stored before is read after.',

  check(system, breach) {
    const locked = readLock(system);
    if (!locked)
      throw new CannotCheck(
        `There is no ${lockPath}. Write the first one with npm run check -- --lock, and commit it.`,
      );
    const present = presentLock(system);
    const { breaking, compared } = changesBetween(locked, present.lock);
    for (const { section, module, name, what, instead } of breaking) {
      breach({ ...present.place(section, module, name), what, instead, involves: [lockPath] });
    }
    return compared;
  },
};
