/** The Chromium of this machine, which is installed where services are; CHROMIUM names another one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const need = 'needs Chromium on the path, or CHROMIUM to name it';
const names = ['chromium', 'chromium-browser', 'google-chrome'];

const executablePath = process.env.CHROMIUM || found();
if (executablePath === undefined && process.env.REQUIRE_SERVICES === '1') throw new Error(`A test ${need}`);
/** Why tests with a browser cannot run. */
export const withoutBrowser = executablePath === undefined ? need : undefined;

function found(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A browser that keeps its data nowhere. Chromium has no sandbox for root. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

/** The looks that a page must be good in. */
export const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true },
};

/** The rules of axe that the page breaks (WCAG 2.2 A and AA, and good practice), a line each. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  // By the debugger and not as a script of the page, whose policy holds meanwhile.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
