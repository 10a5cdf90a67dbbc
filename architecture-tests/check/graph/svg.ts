import { labelLineHeight, type Arrow, type Card, type Picture } from './layout.ts';

const corner = 9;

/** A picture to look at: cards for modules, solid arrows for calls, dotted ones for events; in light and in dark. */
export function svg({ width, height, cards, arrows }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">The modules</title>
<desc id="description">${escaped(describe(arrows))}</desc>
<style>
  svg { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; --page: #fbfaf8; --card: #ffffff; --edge: #d9d5cd; --ink: #23211e; --soft: #77726a; --call: #2f4858; --event: #c2571a; --head: #f3f0ea; }
  @media (prefers-color-scheme: dark) { svg { --page: #16181c; --card: #1f2329; --edge: #3a414b; --ink: #ece9e4; --soft: #9b9fa7; --call: #9cc3dd; --event: #f0975a; --head: #282e36; } }
  .page { fill: var(--page); }
  .card { fill: var(--card); stroke: var(--edge); }
  .head { fill: var(--head); }
  .title { font-size: 17px; font-weight: 650; fill: var(--ink); }
  .heading { font-size: 10px; font-weight: 600; letter-spacing: 0.09em; text-transform: uppercase; fill: var(--soft); }
  .name { font-size: 12.5px; fill: var(--soft); }
  .used { font-size: 12.5px; font-weight: 600; fill: var(--ink); }
  .arrow { fill: none; stroke-width: 1.7; stroke-linejoin: round; }
  .call { stroke: var(--call); }
  .event { stroke: var(--event); stroke-dasharray: 2 5; stroke-linecap: round; stroke-width: 2.2; }
  .tip-call { fill: var(--call); }
  .tip-event { fill: var(--event); }
  .label { font-size: 11.5px; text-anchor: middle; }
  .plate { fill: var(--page); }
  .of-call { fill: var(--call); }
  .of-event { fill: var(--event); }
  .legend { font-size: 12px; fill: var(--soft); }
</style>
<defs>
${marker('call')}
${marker('event')}
</defs>
<rect class="page" width="${width}" height="${height}"/>
${legend()}
${arrows.map(arrow).join('\n')}
${cards.map(card).join('\n')}
${arrows.map(label).join('\n')}
</svg>
`;
}

const describe = (arrows: readonly Arrow[]): string =>
  arrows
    .map(({ connection: { kind, from, to, names } }) =>
      kind === 'call' ? `${from} calls ${to} (${names.join(', ')})` : `${to} reacts to ${from} (${names.join(', ')})`,
    )
    .join('; ');

const marker = (kind: string): string =>
  `<marker id="tip-${kind}" viewBox="0 0 10 10" refX="8.5" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="tip-${kind}" d="M0 0.8 L9.5 5 L0 9.2 z"/></marker>`;

const legend = (): string =>
  `<g transform="translate(36 36)"><path class="arrow call" d="M0 0 H40" marker-end="url(#tip-call)"/><text class="legend" x="50" y="4">calls</text><path class="arrow event" d="M110 0 H150" marker-end="url(#tip-event)"/><text class="legend" x="160" y="4">announces, and the other reacts</text><text class="used" x="390" y="4">bold</text><text class="legend" x="430" y="4">other modules use it</text></g>`;

/** Orthogonal, with round corners. */
function arrow({ connection: { kind }, points }: Arrow): string {
  const [start, ...rest] = points;
  if (!start) return '';
  let path = `M${at(start)}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (!next) {
      path += ` L${at(point)}`;
      return;
    }
    const before = index === 0 ? start : (rest[index - 1] as typeof point);
    path += ` L${at(towards(point, before))} Q${at(point)} ${at(towards(point, next))}`;
  });
  return `<path class="arrow ${kind}" d="${path}" marker-end="url(#tip-${kind})"/>`;
}

type Point = Arrow['points'][number];
const at = ({ x, y }: Point): string => `${round(x)} ${round(y)}`;
const round = (value: number): number => Math.round(value * 10) / 10;

/** The point a corner's length away, or half of the way where that is shorter. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(corner, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function card({ module, x, y, width, height, columns }: Card): string {
  const lines = columns.flatMap(({ x: left, lines }) =>
    lines.map((line) => `<text class="${line.style}" x="${left}" y="${line.y}">${escaped(line.text)}</text>`),
  );
  return `<g transform="translate(${round(x)} ${round(y)})"><rect class="card" width="${width}" height="${height}" rx="10"/><path class="head" d="M0.5 36 V10.5 a10 10 0 0 1 10 -10 H${width - 10.5} a10 10 0 0 1 10 10 V36 z"/><text class="title" x="18" y="25">${escaped(module.name)}</text>${lines.join('')}</g>`;
}

function label({ connection: { kind }, label: { x, y, width, height, lines } }: Arrow): string {
  if (lines.length === 0) return '';
  const texts = lines.map(
    (line, index) =>
      `<text class="label of-${kind}" x="${round(width / 2)}" y="${14 + index * labelLineHeight}">${escaped(line)}</text>`,
  );
  return `<g transform="translate(${round(x)} ${round(y)})"><rect class="plate" width="${width}" height="${height}" rx="4"/>${texts.join('')}</g>`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
