/** The declarations of a contract.ts: apis with their operations, and events. */
import type { CallExpression, Node } from 'oxc-parser';
import type { SourceFile } from './source-file.ts';
import { calleeName, exportedCalls, keyOf } from './syntax.ts';
import { literalText } from './walk.ts';

export interface ApiFact {
  readonly kind: 'api';
  /** The module it says it belongs to. */
  readonly module: string | undefined;
  readonly operations: readonly { readonly name: string; readonly kind: string | undefined; readonly line: number }[];
  readonly line: number;
}
export interface EventFact {
  readonly kind: 'event';
  /** `orders.order-placed` */
  readonly name: string | undefined;
  readonly line: number;
}
export type ContractFact = ApiFact | EventFact;

/** By the name it is exported under. */
export function contractFacts(file: SourceFile): ReadonlyMap<string, ContractFact> {
  const facts = new Map<string, ContractFact>();
  for (const [name, call] of exportedCalls(file)) {
    const fact = factOf(call, file);
    if (fact) facts.set(name, fact);
  }
  return facts;
}

function factOf(call: CallExpression, file: SourceFile): ContractFact | undefined {
  const [first, second] = call.arguments;
  const line = file.lineOf(call);
  switch (calleeName(call)) {
    case 'api':
      return { kind: 'api', module: literalText(first), operations: operationsIn(second, file), line };
    case 'event':
      return { kind: 'event', name: literalText(first), line };
    default:
      return undefined;
  }
}

function operationsIn(definitions: Node | undefined, file: SourceFile): ApiFact['operations'] {
  if (definitions?.type !== 'ObjectExpression') return [];
  return definitions.properties.flatMap((each) => {
    if (each.type !== 'Property') return [];
    const kind = each.value.type === 'CallExpression' ? calleeName(each.value) : undefined;
    return [{ name: keyOf(each.key) ?? '', kind, line: file.lineOf(each) }];
  });
}
