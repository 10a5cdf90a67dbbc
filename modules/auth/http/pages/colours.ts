/** The shop's colour, made light or dark enough to be read (WCAG 2.2, 1.4.3 and 1.4.11). */

type Rgb = readonly [red: number, green: number, blue: number];

/** The contrast of text with its background that WCAG asks for, and a little. */
const enough = 4.6;
const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

const parsed = (colour: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as unknown as Rgb;
const written = (rgb: Rgb): string => `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
const mixed = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((part, index) => Math.round(part + (to[index]! - part) * share)) as unknown as Rgb;

/** Relative luminance. */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrastOf(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** The contrast of two colours such as `#0b57d0`, 1 to 21. */
export const contrast = (one: string, other: string): number => contrastOf(parsed(one), parsed(other));

/** The nearest colour to `colour` that can be read on `background`. */
export function readable(colour: string, background: string): string {
  const [from, behind] = [parsed(colour), parsed(background)];
  const towards = luminance(behind) > 0.18 ? black : white;
  for (let share = 0; share < 1; share += 0.02) {
    const tried = mixed(from, towards, share);
    if (contrastOf(tried, behind) >= enough) return written(tried);
  }
  return written(towards);
}

/** Black or white: what reads better on `colour`. */
export const textOn = (colour: string): string =>
  contrastOf(parsed(colour), white) >= contrastOf(parsed(colour), black) ? '#ffffff' : '#000000';
