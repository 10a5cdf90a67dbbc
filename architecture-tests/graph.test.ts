import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read } from './check/check.ts';
import { layout } from './check/graph/layout.ts';
import { mermaid, withGraph } from './check/graph/mermaid.ts';
import { readGraph } from './check/graph/model.ts';
import { svg } from './check/graph/svg.ts';
import { sharedCleanTree } from './support/planted.ts';

const repository = join(import.meta.dirname, '..');
const outdated = 'draw it again: npm run graph';

describe('the graph of this repository', () => {
  const graph = readGraph(read(repository));

  it('is the one in docs/boundaries.md', () => {
    const [, drawn] =
      /<!-- graph -->\n([^]*?)\n<!-- \/graph -->/.exec(readFileSync(join(repository, 'docs/boundaries.md'), 'utf8')) ??
      [];
    expect(drawn, outdated).toBe(mermaid(graph));
  });

  it('is the one in modules.svg', async () => {
    expect(readFileSync(join(import.meta.dirname, 'modules.svg'), 'utf8'), outdated).toBe(svg(await layout(graph)));
  });
});

describe('the graph of a checkout', () => {
  const drawn = readGraph(read(sharedCleanTree()));

  it('has its modules with what they offer, announce and store', () => {
    expect(drawn.modules).toEqual([
      { name: 'billing', operations: ['bill'], events: ['bill-paid'], tables: ['bills'] },
      { name: 'people', operations: ['getPerson'], events: ['person-left'], tables: ['people'] },
      { name: 'sales', operations: ['sell'], events: ['sale-closed'], tables: ['sales'] },
    ]);
  });

  it('has the calls and the events between them, by name', () => {
    expect(drawn.connections).toEqual([
      { kind: 'call', from: 'sales', to: 'billing', names: ['bill'] },
      { kind: 'call', from: 'sales', to: 'people', names: ['getPerson'] },
      { kind: 'event', from: 'sales', to: 'billing', names: ['sale-closed'] },
      { kind: 'event', from: 'people', to: 'sales', names: ['person-left'] },
    ]);
  });

  it('is drawn in Mermaid with solid arrows for calls and dotted ones for events', () => {
    expect(mermaid(drawn)).toContain('  sales -->|"getPerson"| people\n');
    expect(mermaid(drawn)).toContain('  people -.->|"person-left"| sales\n');
  });

  it('is drawn as a picture in which nothing lies over a card', async () => {
    const { cards, arrows, width, height } = await layout(drawn);
    expect(cards).toHaveLength(3);
    const overlaps = (x: number, y: number, wide: number, high: number) =>
      cards.filter(
        (card) => x < card.x + card.width && card.x < x + wide && y < card.y + card.height && card.y < y + high,
      );
    for (const { x, y, width: wide, height: high } of cards) {
      expect(overlaps(x, y, wide, high)).toHaveLength(1);
      expect(x + wide).toBeLessThanOrEqual(width);
      expect(y + high).toBeLessThanOrEqual(height);
    }
    for (const { label } of arrows) expect(overlaps(label.x, label.y, label.width, label.height)).toEqual([]);
  });

  it('goes between its markers and leaves the rest of a text alone', () => {
    const text = 'Before.\n<!-- graph -->\nold\n<!-- /graph -->\nAfter.\n';
    expect(withGraph(text, drawn)).toBe(`Before.\n<!-- graph -->\n${mermaid(drawn)}\n<!-- /graph -->\nAfter.\n`);
    expect(withGraph('no place for it', drawn)).toBeUndefined();
  });
});
