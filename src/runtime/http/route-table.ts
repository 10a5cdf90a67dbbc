/**
 * Finds what serves a path. A tree of path segments, so the time does not grow with the number of routes as it does
 * where patterns are tried one after the other; and it can tell a wrong method from a wrong path.
 */
export type Parameters = Readonly<Record<string, string>>;

export interface Found<Route> {
  readonly byMethod: ReadonlyMap<string, Route>;
  readonly parameters: Parameters;
}

class Node<Route> {
  readonly literals = new Map<string, Node<Route>>();
  readonly byMethod = new Map<string, Route>();
  parameter: { readonly name: string; readonly node: Node<Route> } | undefined;
}

export class RouteTable<Route> {
  readonly #root = new Node<Route>();

  /** `url` is a template: `/v1/orders/{id}`. */
  add(method: string, url: string, route: Route): void {
    let node = this.#root;
    for (const segment of segmentsOf(url)) node = child(node, segment, url);
    if (node.byMethod.has(method)) throw new TypeError(`${method} ${url} is declared twice.`);
    node.byMethod.set(method, route);
  }

  /** A slash at the end makes no difference. Throws URIError on a path that is not properly encoded. */
  find(path: string): Found<Route> | undefined {
    const parameters: Record<string, string> = {};
    const segments = segmentsOf(path);
    if (segments.length > 1 && segments.at(-1) === '') segments.pop();
    const node = walk(this.#root, segments, 0, parameters);
    return node && { byMethod: node.byMethod, parameters };
  }
}

const segmentsOf = (path: string) => path.slice(1).split('/');
const nameIn = (segment: string) => /^\{(\w+)\}$/.exec(segment)?.[1];

/** The names of a template's parameters. */
export const parameterNames = (url: string): string[] => segmentsOf(url).flatMap((segment) => nameIn(segment) ?? []);

function child<Route>(node: Node<Route>, segment: string, url: string): Node<Route> {
  const name = nameIn(segment);
  if (name !== undefined) {
    node.parameter ??= { name, node: new Node() };
    if (node.parameter.name !== name) throw new TypeError(`${url} calls {${node.parameter.name}} of another route {${name}}.`);
    return node.parameter.node;
  }
  let next = node.literals.get(segment);
  if (!next) {
    next = new Node();
    node.literals.set(segment, next);
  }
  return next;
}

/** A literal segment wins over a parameter, unless it leads nowhere. */
function walk<Route>(
  node: Node<Route>,
  segments: readonly string[],
  index: number,
  parameters: Record<string, string>,
): Node<Route> | undefined {
  if (index === segments.length) return node.byMethod.size > 0 ? node : undefined;
  const segment = segments[index]!;
  const literal = node.literals.get(segment);
  const found = literal && walk(literal, segments, index + 1, parameters);
  if (found || !node.parameter || segment === '') return found;
  parameters[node.parameter.name] = segment.includes('%') ? decodeURIComponent(segment) : segment;
  return walk(node.parameter.node, segments, index + 1, parameters);
}
