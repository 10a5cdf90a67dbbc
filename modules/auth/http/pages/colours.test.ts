import { describe, expect, it } from 'vitest';
import { contrast, readable, textOn } from './colours.ts';

const colours = ['#000000', '#ffffff', '#ffcc00', '#0b57d0', '#ff0000', '#00ff00', '#777777', '#123456', '#fedcba'];

describe('the colour of a shop', () => {
  it.each(colours)('can be read in light and in dark: %s', (colour) => {
    for (const page of ['#ffffff', '#1c2026']) {
      const accent = readable(colour, page);
      expect(contrast(accent, page)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(accent, textOn(accent))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('stays as it is where it can be read', () => {
    expect(readable('#0b57d0', '#ffffff')).toBe('#0b57d0');
    expect(readable('#ffcc00', '#1c2026')).toBe('#ffcc00');
  });

  it('is measured as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).toBe(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });
});
