/** The README's step, added to the application as the README says. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const here = import.meta.dirname;
const source = readFileSync(join(here, 'app.ts'), 'utf8');
const line = /```ts\n(.+)\n```/.exec(readFileSync(join(here, 'README.md'), 'utf8'))![1]!;
const place = '  app.use(recognition(verifier));\n';

/** Asks an application without routes for tea and for nothing, and prints what it answers. */
const asking = `
const settings = { requestTimeout: 5000, bodyLimit: 1000, rateLimit: 0, corsOrigins: [], trustProxy: 0, trustProxyHeader: 'x-forwarded-for' };
const app = createApp({ routes: [], probes: [], settings, verifier: {}, logger: { info() {} }, metrics: { requests: () => ({ finished() {} }) }, report: () => ({ status: 404, headers: [] }) } as never);
const server = app.listen(0, async () => {
  const ask = async (headers: object) => await fetch('http://127.0.0.1:' + (server.address() as { port: number }).port, { headers: headers as never });
  const [tea, nothing] = [await ask({ 'X-Tea': 'please' }), await ask({})];
  console.log(JSON.stringify([tea.status, tea.headers.get('x-content-type-options'), nothing.status]));
  process.exit();
});`;

it("takes a step of one's own in one line of app.ts", async () => {
  expect(source.split(place)).toHaveLength(2);
  const folder = await mkdtemp(join(tmpdir(), 'fissile-own-step-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const own = source
    .replace(place, `${place}${line}\n`)
    .replaceAll("from './", `from '${here}/`)
    .replaceAll("from '#", `from '${join(here, '..')}/`)
    .replaceAll("from 'express'", `from '${import.meta.resolve('express')}'`);
  await writeFile(join(folder, 'app.ts'), own + asking);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'app.ts')]);
  expect(JSON.parse(stdout)).toEqual([418, 'nosniff', 404]);
});
