import type { Graph } from './model.ts';

/** The Mermaid text: boxes are modules with their tables, solid arrows are calls, dotted ones events. */
export function mermaid({ modules, connections }: Graph): string {
  const lines = ['flowchart LR'];
  for (const { name, tables } of modules) {
    lines.push(`  ${name}["<b>${name}</b>${tables.length > 0 ? `<br/><small>${tables.join('<br/>')}</small>` : ''}"]`);
  }
  for (const { kind, from, to, names } of connections) {
    const label = names.length > 0 ? `|"${names.join('<br/>')}"|` : '';
    lines.push(`  ${from} ${kind === 'call' ? '-->' : '-.->'}${label} ${to}`);
  }
  return ['```mermaid', ...lines, '```'].join('\n');
}

const between = /(<!-- graph -->\n)[^]*?(\n<!-- \/graph -->)/;

/** The text with the picture between its markers; undefined when it has none. */
export const withGraph = (text: string, graph: Graph): string | undefined =>
  between.test(text)
    ? text.replace(between, (_, before: string, after: string) => `${before}${mermaid(graph)}${after}`)
    : undefined;
