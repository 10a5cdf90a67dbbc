import type { Numbered, ProtoShape, Rpc } from './protos.ts';

/** The operation behind an entry such as `rpc PlaceOrder`. */
export function operationOf(name: string): string | undefined {
  const [, first, rest] = /^rpc (.)(.*)$/.exec(name) ?? [];
  return first === undefined ? undefined : `${first.toLowerCase()}${rest}`;
}

/** Lists what a peer compiled against the released file would misread, each as a sentence. */
export function* protoChanges(name: string, before: ProtoShape, after: ProtoShape): Iterable<string> {
  if ('request' in before || 'request' in after) {
    yield* rpcChanges(name, before as Rpc, after as Rpc);
  } else {
    yield* numberChanges(name, before, after);
  }
}

function* rpcChanges(name: string, before: Rpc, after: Rpc): Iterable<string> {
  if (before.request !== after.request) yield `${name} takes ${after.request} instead of ${before.request}`;
  if (before.response !== after.response) yield `${name} gives ${after.response} instead of ${before.response}`;
}

function* numberChanges(name: string, before: Numbered, after: Numbered): Iterable<string> {
  const ownerOf = (number: number) => Object.keys(after.numbers).find((each) => after.numbers[each] === number);
  for (const [field, number] of Object.entries(before.numbers)) {
    const now = after.numbers[field];
    const owner = ownerOf(number);
    const [was, is] = [before.types?.[field], after.types?.[field]];
    if (now === undefined && owner !== undefined) yield `number ${number} of ${name} went from ${field} to ${owner}`;
    else if (now === undefined) yield* [number, field].filter((each) => !after.reserved.includes(each)).map(free(name));
    else if (now !== number) yield `number of ${name}.${field} went from ${number} to ${now}`;
    else if (was !== is) yield `type of ${name}.${field} went from ${was ?? 'none'} to ${is ?? 'none'}`;
  }
  for (const each of before.reserved) {
    const owner = typeof each === 'number' ? ownerOf(each) : Object.keys(after.numbers).find((field) => field === each);
    if (owner !== undefined) yield `${name}.${owner} takes ${each}, which belonged to something that is gone`;
    else if (!after.reserved.includes(each)) yield free(name)(each);
  }
}

const free = (name: string) => (each: number | string) => `${each} of ${name} is gone and not reserved`;
