/**
 * The circles in a graph: one shortest circle for each group of nodes that reach each other (Tarjan's strongly
 * connected components), starting with the name that sorts first.
 */
export function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  return components(graph)
    .filter((group) => group.length > 1 || graph.get(group[0] as string)?.includes(group[0] as string))
    .map((group) => shortestCircle(graph, new Set(group)));
}

function shortestCircle(graph: ReadonlyMap<string, readonly string[]>, group: ReadonlySet<string>): string[] {
  const [start] = [...group].sort() as [string];
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) {
        const circle = [node];
        for (let at = node; at !== start;) circle.unshift((at = cameFrom.get(at) as string));
        return circle;
      }
      if (!group.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  throw new Error(`${start} is in no circle.`);
}

/** Iterative, because a chain of ten thousand files would overflow the stack. */
function components(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];

  for (const root of graph.keys()) {
    if (order.has(root)) continue;
    const path: { node: string; rest: Iterator<string> }[] = [];
    const enter = (node: string) => {
      order.set(node, order.size);
      lowest.set(node, order.size - 1);
      open.push(node);
      isOpen.add(node);
      path.push({ node, rest: (graph.get(node) ?? [])[Symbol.iterator]() });
    };
    enter(root);
    while (path.length > 0) {
      const { node, rest } = path.at(-1) as (typeof path)[number];
      const next = rest.next();
      if (!next.done) {
        if (!order.has(next.value)) enter(next.value);
        else if (isOpen.has(next.value)) lower(lowest, node, order.get(next.value) as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) lower(lowest, parent.node, lowest.get(node) as number);
      if (lowest.get(node) === order.get(node)) {
        const group = open.splice(open.lastIndexOf(node));
        for (const each of group) isOpen.delete(each);
        found.push(group);
      }
    }
  }
  return found;
}

function lower(lowest: Map<string, number>, node: string, value: number): void {
  lowest.set(node, Math.min(lowest.get(node) as number, value));
}
