/** Where everything in the picture goes. ELK places the cards and routes the arrows around them. */
import { createRequire } from 'node:module';
import type { ELK, ElkLabel, ElkNode } from 'elkjs/lib/elk-api.js';
import type { Connection, Graph, ModuleNode } from './model.ts';

export interface Line {
  readonly text: string;
  readonly style: 'title' | 'heading' | 'name' | 'used';
  readonly y: number;
}
export interface Card {
  readonly module: ModuleNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly columns: readonly { readonly x: number; readonly lines: readonly Line[] }[];
}
export interface Arrow {
  readonly connection: Connection;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly lines: readonly string[];
  };
}
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly Card[];
  readonly arrows: readonly Arrow[];
}

const padding = 18;
const titleHeight = 46;
const lineHeight = 17;
const columnGap = 26;
export const labelLineHeight = 15;

/** ELK is one big script in the style of browsers, so it is only loaded when a picture is drawn. */
const newElk = (): ELK => {
  const Elk = createRequire(import.meta.url)('elkjs') as new () => ELK;
  return new Elk();
};

export async function layout(graph: Graph): Promise<Picture> {
  const cards = new Map(graph.modules.map((module) => [module.name, cardOf(module, graph.connections)]));
  const picture: ElkNode = {
    id: 'picture',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.spacing.nodeNodeBetweenLayers': '70',
      'elk.layered.spacing.edgeNodeBetweenLayers': '30',
      'elk.spacing.nodeNode': '44',
      'elk.spacing.edgeNode': '26',
      'elk.spacing.edgeEdge': '18',
      'elk.spacing.edgeLabel': '4',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.edgeLabels.inline': 'true',
      'elk.padding': '[top=70,left=36,bottom=36,right=36]',
    },
    children: [...cards].map(([id, { width, height }]) => ({ id, width, height })),
    edges: graph.connections.map(({ from, to, names }, index) => ({
      id: `edge-${index}`,
      sources: [from],
      targets: [to],
      labels: [
        { text: names.join(' '), width: labelWidth(names), height: Math.max(1, names.length) * labelLineHeight + 6 },
      ],
    })),
  };
  const laidOut = await newElk().layout(picture);

  return {
    width: Math.ceil(laidOut.width ?? 0),
    height: Math.ceil(laidOut.height ?? 0),
    cards: (laidOut.children ?? []).map(({ id, x = 0, y = 0 }) => ({
      ...(cards.get(id) as Omit<Card, 'x' | 'y'>),
      x,
      y,
    })),
    arrows: (laidOut.edges ?? []).map(({ sections, labels }, index) => {
      const connection = graph.connections[index] as Connection;
      const { startPoint, bendPoints = [], endPoint } = (sections ?? [])[0] as NonNullable<typeof sections>[number];
      const { x = 0, y = 0, width = 0, height = 0 }: ElkLabel = labels?.[0] ?? {};
      return {
        connection,
        points: [startPoint, ...bendPoints, endPoint],
        label: { x, y, width, height, lines: connection.names },
      };
    }),
  };
}

function cardOf(module: ModuleNode, connections: readonly Connection[]): Omit<Card, 'x' | 'y'> {
  const usedBy = (kind: Connection['kind'], end: 'from' | 'to') =>
    new Set(
      connections.filter((each) => each.kind === kind && each[end] === module.name).flatMap(({ names }) => names),
    );
  const called = usedBy('call', 'to');
  const heard = usedBy('event', 'from');
  const left = section('operations', module.operations, called, titleHeight);
  const events = section('events', module.events, heard, titleHeight);
  const right = [...events, ...section('tables', module.tables, new Set(), bottomOf(events))];
  const leftWidth = widest(left);
  const columns = [
    { x: padding, lines: left },
    { x: padding + leftWidth + columnGap, lines: right },
  ];
  const width = Math.max(padding * 2 + leftWidth + columnGap + widest(right), padding * 2 + textWidth(module.name, 19));
  return { module, columns, width, height: Math.max(bottomOf(left), bottomOf(right)) + 4 };
}

function section(heading: string, names: readonly string[], used: ReadonlySet<string>, top: number): Line[] {
  if (names.length === 0) return [];
  return [
    { text: heading, style: 'heading', y: top + 16 },
    ...names.map((text, index): Line => ({
      text,
      style: used.has(text) ? 'used' : 'name',
      y: top + 18 + (index + 1) * lineHeight,
    })),
  ];
}

const bottomOf = (lines: readonly Line[]): number => (lines.at(-1)?.y ?? titleHeight - 12) + 12;
const widest = (lines: readonly Line[]): number =>
  Math.max(0, ...lines.map(({ text, style }) => textWidth(text, style === 'used' ? 14 : 12.5)));
const labelWidth = (names: readonly string[]): number =>
  Math.max(0, ...names.map((name) => textWidth(name, 11.5))) + 14;

/** Wide enough for any sans-serif face: what is narrow, what is wide, and the rest. */
function textWidth(text: string, size: number): number {
  let width = 0;
  for (const letter of text)
    width += 'iljtfr.,-| '.includes(letter)
      ? 0.39
      : 'mwMW'.includes(letter)
        ? 0.95
        : /[A-Z]/.test(letter)
          ? 0.72
          : 0.61;
  return Math.ceil(width * size);
}
