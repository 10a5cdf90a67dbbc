/** The contract lock: what running peers, stored events and running sagas rely on since the last release. */
import {
  contractShapes,
  isSchema,
  jsonSchema,
  loadExports,
  type EventShape,
  type JsonSchema,
  type OperationShape,
} from '../contracts.ts';
import { CannotCheck } from '../cannot-check.ts';
import type { System } from '../system.ts';
import { readProto, protoPath, type ProtoShape } from './protos.ts';
import { sagaSteps } from './saga-steps.ts';

export const lockPath = 'architecture-tests/contract-lock.json';

interface SagaShape {
  readonly data: JsonSchema;
  readonly steps: readonly string[];
}

/** One kind of entry: by module, then by what it is called there. */
type Entries<Shape> = Readonly<Record<string, Readonly<Record<string, Shape>>>>;

export interface Lock {
  readonly operations: Entries<OperationShape>;
  /** `orders.order-paid@1` */
  readonly events: Entries<Omit<EventShape, 'exportedAs'>>;
  /** `orders.checkout@1` */
  readonly sagas: Entries<SagaShape>;
  /** A delivery is stored under the name of its reaction. The value is the event it reacts to. */
  readonly reactions: Entries<string>;
  /** The declarations of the .proto file: `Order.Item`, and `Orders.PlaceOrder` for an rpc. */
  readonly protos: Entries<ProtoShape>;
}
export const emptyLock: Lock = { operations: {}, events: {}, sagas: {}, reactions: {}, protos: {} };
export const sections = ['operations', 'events', 'sagas', 'reactions', 'protos'] as const;
export type Section = (typeof sections)[number];

/** Where each entry of the present is declared, for the person who has to change it back. */
export interface Present {
  readonly lock: Lock;
  place(section: Section, module: string, name: string): { readonly file: string; readonly line: number };
}

export function presentLock(system: System): Present {
  const lock = { operations: {}, events: {}, sagas: {}, reactions: {}, protos: {} } as {
    [Name in Section]: Record<string, Record<string, never>>;
  };
  const places = new Map<string, { file: string; line: number }>();
  for (const { name: module, contract, facts, wiring } of system.modules.values()) {
    const set = (section: Section, name: string, shape: unknown, file: string, line: number) => {
      (lock[section][module] ??= {})[name] = shape as never;
      places.set(`${section} ${module} ${name}`, { file, line });
    };
    const { operations, events } = contractShapes(system).get(module) ?? { operations: {}, events: {} };
    const lineOf = new Map(
      [...facts.values()].flatMap((fact) =>
        fact.kind === 'api' ? fact.operations.map(({ name, line }) => [name, line] as const) : [],
      ),
    );
    for (const [name, shape] of Object.entries(operations))
      set('operations', name, shape, contract.path, lineOf.get(name) ?? 1);
    for (const [name, { exportedAs, ...shape }] of Object.entries(events))
      set('events', name, shape, contract.path, facts.get(exportedAs)?.line ?? 1);
    for (const { saga, factory, line } of wiring.sagas) {
      const { name, shape } = readSaga(
        system,
        saga.path ?? wiring.path,
        saga.imported,
        factory?.path,
        factory?.imported,
      );
      set('sagas', name, shape, factory?.path ?? wiring.path, factory?.path === undefined ? line : 1);
    }
    for (const { name, event, line } of wiring.reactions) set('reactions', name, event.imported, wiring.path, line);
    for (const [name, { shape, line }] of readProto(system, module))
      set('protos', name, shape, protoPath(module), line);
  }
  return {
    lock: sorted(lock) as Lock,
    place: (section, module, name) =>
      places.get(`${section} ${module} ${name}`) ?? { file: fileOf[section](module), line: 1 },
  };
}

const fileOf: Readonly<Record<Section, (module: string) => string>> = {
  operations: (module) => `modules/${module}/contract.ts`,
  events: (module) => `modules/${module}/contract.ts`,
  sagas: (module) => `modules/${module}/module.ts`,
  reactions: (module) => `modules/${module}/module.ts`,
  protos: protoPath,
};

function readSaga(
  { root, tree }: System,
  path: string,
  exported: string,
  factoryPath: string | undefined,
  factory: string | undefined,
): { name: string; shape: SagaShape } {
  const definition = loadExports(root, path)[exported] as
    | { name?: unknown; version?: unknown; data?: unknown }
    | undefined;
  const file = factoryPath === undefined ? undefined : tree.sources.get(factoryPath);
  const steps = file && factory !== undefined ? sagaSteps(file, factory) : undefined;
  if (typeof definition?.name !== 'string' || !isSchema(definition.data))
    throw new CannotCheck(`${path} exports no saga(...) as ${exported}.`);
  if (!steps)
    throw new CannotCheck(
      `The steps of the saga ${definition.name} cannot be read: write them out as steps: [{ name: '...' }] in the function that module.ts passes to run().`,
    );
  return {
    name: `${definition.name}@${String(definition.version)}`,
    shape: { data: jsonSchema(definition.data, 'output'), steps },
  };
}

export function readLock({ tree }: System): Lock | undefined {
  const lock = tree.readJson<Partial<Lock>>(lockPath);
  return lock && { ...emptyLock, ...lock };
}

/** Keys in one order, so that a change of the lock is a change of what it holds. */
export const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([one], [other]) => (one < other ? -1 : 1))
            .map(([key, each]) => [key, sorted(each)]),
        )
      : value;
