import type { OperationShape } from '../contracts.ts';
import { incompatibilities } from './compatibility.ts';
import { sections, type Lock, type Section } from './lock.ts';
import { operationOf, protoChanges } from './proto-changes.ts';

export interface Change {
  readonly section: Section;
  readonly module: string;
  readonly name: string;
  readonly what: string;
  readonly instead: string;
}
export interface Changes {
  /** Changes that would break a running peer or stored data. */
  readonly breaking: readonly Change[];
  /** Entries the lock does not have yet: `orders.operations.placeOrder`. */
  readonly added: readonly string[];
  /** How many entries were compared. */
  readonly compared: number;
}

/** `orders.operations.placeOrder`: how an entry is called on the command line. An rpc goes by its operation. */
export function entryId(section: Section, module: string, name: string): string {
  const operation = section === 'protos' ? operationOf(name) : undefined;
  return operation === undefined ? `${module}.${section}.${name}` : `${module}.operations.${operation}`;
}

export function changesBetween(locked: Lock, present: Lock): Changes {
  const breaking: Change[] = [];
  const added: string[] = [];
  let compared = 0;
  for (const section of sections) {
    for (const [module, entries] of Object.entries(locked[section])) {
      for (const [name, before] of Object.entries(entries)) {
        compared++;
        const after = present[section][module]?.[name];
        const told =
          after === undefined ? missed(section, name) : differences[section](name, before as never, after as never);
        for (const what of told) {
          breaking.push({
            section,
            module,
            name,
            what,
            instead: after === undefined ? gone(section, module, name) : remedy[section](name, before),
          });
        }
      }
    }
    for (const [module, entries] of Object.entries(present[section])) {
      for (const name of Object.keys(entries))
        if (locked[section][module]?.[name] === undefined) added.push(entryId(section, module, name));
    }
  }
  return { breaking, added, compared };
}

function missed(section: Section, name: string): string[] {
  if (section !== 'protos') return [`${subject[section]} ${name} is gone`];
  // A message is missed by what used it, which is an entry of its own.
  return operationOf(name) === undefined ? [] : [`${name} is gone`];
}

const subject: Readonly<Record<Exclude<Section, 'protos'>, string>> = {
  operations: 'operation',
  events: 'event',
  sagas: 'saga',
  reactions: 'reaction',
};

const differences: {
  readonly [Name in Section]: (
    name: string,
    before: Lock[Name][string][string],
    after: Lock[Name][string][string],
  ) => string[];
} = {
  operations: (name, before, after) => operation(name, before, after),
  events: (name, before, after) => [
    ...(before.key === after.key ? [] : [`event ${name} is keyed by ${after.key} instead of ${before.key}`]),
    ...[...incompatibilities(before.payload, after.payload)].map((each) => `in event ${name}, ${each}`),
  ],
  sagas: (name, before, after) => [
    ...(before.steps.join() === after.steps.join()
      ? []
      : [`the steps of saga ${name} went from ${before.steps.join(', ')} to ${after.steps.join(', ')}`]),
    ...[...incompatibilities(before.data, after.data)].map((each) => `in the data of saga ${name}, ${each}`),
  ],
  reactions: (name, before, after) =>
    before === after ? [] : [`reaction ${name} is to ${after} instead of ${before}`],
  protos: (name, before, after) => [...protoChanges(name, before, after)],
};

function operation(name: string, before: OperationShape, after: OperationShape): string[] {
  if (before.version !== after.version) return [`version ${before.version} of ${name} is gone`];
  const told: string[] = [];
  if (before.kind !== after.kind) told.push(`${name} is a ${after.kind} instead of a ${before.kind}`);
  for (const each of incompatibilities(before.input, after.input)) told.push(`in the input of ${name}, ${each}`);
  for (const each of incompatibilities(before.output, after.output, '', 'answer'))
    told.push(`in the output of ${name}, ${each}`);
  for (const [code, kind] of Object.entries(before.errors)) {
    const now = after.errors[code];
    if (now !== undefined && now !== kind) told.push(`error ${code} of ${name} is ${now} instead of ${kind}`);
  }
  return told;
}

const next = (name: string) => Number(/@(\d+)$/.exec(name)?.[1] ?? 1) + 1;
const bare = (name: string) => name.replace(/@\d+$/, '');

const remedy: Readonly<Record<Section, (name: string, before: unknown) => string>> = {
  operations: (name, before) =>
    `Leave ${name} as it was, and offer the new version beside it under a name of its own: ${name}V2: ${(before as OperationShape).kind}(2, { ... }). A new field may be optional.`,
  events: (name) =>
    `Leave ${name} as it was, and announce version ${next(name)} beside it: event('${bare(name)}', ${next(name)}, { ... }). A new field may be optional.`,
  sagas: (name) =>
    `Leave ${name} as it is until no row of it runs, and start new ones with saga('${bare(name)}', ${next(name)}, ...).`,
  reactions: (name) => `Keep ${name} for its event, and give the new reaction a name of its own.`,
  protos: () =>
    'Run npm run proto, which keeps the numbers of the lock and reserves those of what is gone. Where the contract itself changed, leave the field as it was and add another one beside it.',
};

function gone(section: Section, module: string, name: string): string {
  const retire = `npm run check -- --retire ${entryId(section, module, name)}`;
  const until: Readonly<Record<Section, string>> = {
    operations: 'Keep it while a peer of the last release can still call it',
    events: 'Keep it while one is stored or a peer of the last release listens',
    sagas: 'Keep it while a row of it runs',
    reactions: 'Keep the name while a delivery is stored under it: it would wait for good',
    protos: 'Keep its operation while a peer of the last release can still call it, and run npm run proto',
  };
  return `${until[section]}; after that, take it out of the lock with ${retire}.`;
}
