import type { ProtoShape } from './protos.ts';

/** What somebody who was compiled against the released file would misread, each as a sentence. */
export function* protoChanges(name: string, before: ProtoShape, after: ProtoShape): Iterable<string> {
  if ('rpc' in before || 'rpc' in after) {
    const [was, is] = [signature(before), signature(after)];
    if (was !== is) yield `${name} went from ${was} to ${is}`;
    return;
  }
  const owners = new Map(Object.entries(after.numbers).map(([field, number]) => [number, field]));
  for (const [field, number] of Object.entries(before.numbers)) {
    const now = after.numbers[field];
    const [was, is] = [before.types?.[field], after.types?.[field]];
    if (now === undefined) {
      for (const each of [number, field])
        if (!after.reserved.includes(each) && !owners.has(number)) yield `${each} of ${name} is gone and not reserved`;
    } else if (now !== number) {
      yield `number of ${name}.${field} went from ${number} to ${now}`;
    } else if (was !== is) {
      yield `type of ${name}.${field} went from ${was ?? 'none'} to ${is ?? 'none'}`;
    }
    const owner = owners.get(number);
    if (owner !== undefined && owner !== field) yield `number ${number} of ${name} went from ${field} to ${owner}`;
  }
  for (const each of before.reserved) {
    const owner = typeof each === 'number' ? owners.get(each) : Object.keys(after.numbers).find((field) => field === each);
    if (owner !== undefined) yield `${owner} of ${name} uses ${each} again, which belonged to something that is gone`;
    else if (!after.reserved.includes(each)) yield `${each} of ${name} is not reserved any more`;
  }
}

const signature = (shape: ProtoShape): string => ('rpc' in shape ? `${shape.rpc.request} -> ${shape.rpc.response}` : 'no rpc');
