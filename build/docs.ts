/** `npm run docs`: writes the parts of the documentation that come from commands and settings, dashboards and rules. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { allCommands } from '../src/host/command-line.ts';
import { findModules, loadModules } from '../src/host/modules.ts';
import { settingGroups } from '../src/host/settings.ts';
import { commandsPage } from './docs/commands-page.ts';
import { envExample, settingsPage } from './docs/settings-page.ts';
import { observabilityFiles } from './observability/files.ts';

const root = join(import.meta.dirname, '..');
const script = new Command('npm run docs --')
  .description(
    'Writes the generated parts of docs/, .env.example, and the dashboards and rules in deploy/observability, from their code.',
  )
  .option('--check', 'write nothing, and say what is not current')
  .helpOption('-h, --help', 'show this')
  .addHelpText('after', '\nExit codes: 0 written or current, 1 not current, 2 wrong arguments.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const { check = false } = script.opts<{ check?: boolean }>();

/** The text between `<!-- name:begin -->` and `<!-- name:end -->` in a page. */
function withSection(file: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
  const page = readFileSync(join(root, file), 'utf8');
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before === -1 || after === -1) throw new Error(`${file} has no ${begin.trim()} and ${end} to write between.`);
  return `${page.slice(0, before)}${begin}${text}${page.slice(after)}`;
}

const settings = settingGroups(await loadModules(await findModules()));
const pages = {
  'docs/commands.md': withSection('docs/commands.md', 'commands', commandsPage(await allCommands())),
  'docs/settings.md': withSection('docs/settings.md', 'settings', settingsPage(settings)),
  '.env.example': envExample(settings),
  ...observabilityFiles(),
};

for (const [file, text] of Object.entries(pages)) {
  const isCurrent = existsSync(join(root, file)) && readFileSync(join(root, file), 'utf8') === text;
  if (!isCurrent && !check) writeFileSync(join(root, file), text);
  if (!isCurrent && check) process.exitCode = 1;
  console.log(`${file} ${isCurrent ? 'is current' : check ? 'is not current: npm run docs writes it' : 'is written'}.`);
}
