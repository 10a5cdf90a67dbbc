import { spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { flagsOf, usageOf } from '../src/host/command.ts';
import { allCommands, main } from '../src/host/command-line.ts';

/** Runs the program; returns its output and its exit code. */
async function typed(...args: string[]) {
  const [out, told] = [process.stdout, process.stderr].map((stream) => {
    const texts: string[] = [];
    vi.spyOn(stream, 'write').mockImplementation((text) => Boolean(texts.push(String(text))));
    return texts;
  });
  try {
    const code = await main(args);
    return { code, out: out!.join(''), told: told!.join('') };
  } finally {
    vi.restoreAllMocks();
  }
}

const commands = await allCommands();

describe('help', () => {
  it('lists every command, those of modules too, and takes --help and -h for the same', async () => {
    const { code, out } = await typed('--help');
    expect(code).toBe(0);
    for (const command of commands)
      expect(out.replaceAll(/ {2,}/g, '  ')).toContain(`  ${usageOf(command)}  ${command.summary}`);
    expect((await typed('-h')).out).toBe(out);
  });

  it.each(commands.map((command) => ({ name: command.name, command })))(
    'on $name tells its use, its flags and its exit codes',
    async ({ name, command }) => {
      const { code, out } = await typed(...name.split(' '), '--help');
      expect(code).toBe(0);
      expect(out).toContain(`Usage: npm start -- ${usageOf(command)}`);
      for (const flag of Object.keys(flagsOf(command))) expect(out).toContain(`  ${flag.replaceAll(/[<>]/g, '')}  `);
      expect(out).toMatch(/^Exit codes: 0 [^\n]+, 2 wrong arguments[^\n]*\.$/m);
    },
  );

  it('on a group lists its commands', async () => {
    const { code, out } = await typed('events', '--help');
    expect(code).toBe(0);
    expect(out.match(/^ {2}events \w+/gm)).toEqual(['  events list', '  events show', '  events replay']);
  });
});

describe('a command', () => {
  it('answers a script with --json, unless it runs until it is stopped, opens a prompt or prints a script', () => {
    const without = commands.filter(({ json }) => json === undefined).map(({ name }) => name);
    expect(without).toEqual(['serve', 'topology', 'sql', 'completion']);
  });

  it('takes options before it too', async () => {
    const { code, out } = await typed('--json', '--version');
    expect([code, Object.keys(JSON.parse(out) as object)]).toEqual([0, ['version', 'commit', 'node', 'postgresql']]);
    expect(await typed('--json', 'version')).toEqual({ code, out, told: '' });
  });

  it.each([
    [['migrat'], "Unknown command 'migrat'. Did you mean migrate?"],
    [['evnets', 'list'], "Unknown command 'evnets'. Did you mean events?"],
    [['dance'], "Unknown command 'dance'."],
    [['events', 'lits'], "Unknown command 'lits'. Did you mean list?"],
    [['events'], 'Use: events list, or events show SUBSCRIPTION EVENT, or events replay SUBSCRIPTION EVENT.'],
    [['backup'], 'Use: backup FILE.'],
    [['backup', 'one', 'two'], 'Use: backup FILE.'],
    [['serve', 'now'], 'Use: serve.'],
    [['migrate', '--jsn'], "Unknown option '--jsn'. Did you mean --json?"],
    [['settings', '--topology', 'file'], "Unknown option '--topology'."],
    [['migrate', '--topology'], "Option '--topology <FILE>' argument missing."],
    [['completion', 'tcsh'], 'There is no completion for "tcsh". There are: bash, zsh, fish.'],
  ])('typed wrongly, %j, is told in one line what to do', async (args, told) => {
    expect(await typed(...args)).toEqual({ code: 2, out: '', told: `${told} Try --help.\n` });
  });
});

/** By shell, the arguments that make it read `script` and print what it offers after `line`, one word a line. */
const shells: Readonly<Record<string, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => [
    '-c',
    `${script}\nCOMP_WORDS=(${words(line)}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _fissile; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Without a terminal its completion system does not run: what it would be told is printed instead.
  zsh: (script, line) => [
    '-fc',
    `compdef() {}; _files() {}\n_describe() { print -rl -- \${(M)choices:#$words[CURRENT]*} }\n${script}\nwords=(${words(line)}); CURRENT=$#words; _fissile`,
  ],
  fish: (script, line) => ['--no-config', '-c', `${script}\ncomplete -C '${line}'`],
};
const words = (line: string) =>
  line
    .split(' ')
    .map((word) => `'${word}'`)
    .join(' ');
const isMissing = (shell: string) => spawnSync(shell, ['-c', 'true']).status !== 0;

describe.each(Object.keys(shells))('completion in %s', (shell) => {
  if (isMissing(shell) && process.env.REQUIRE_SERVICES) throw new Error(`A test needs ${shell}.`);
  it.skipIf(isMissing(shell)).each([
    ['fissile mig', ['migrate']],
    ['fissile even', ['events']],
    ['fissile events ', ['list', 'replay', 'show']],
    ['fissile events re', ['replay']],
    ['fissile backup file --', ['--help', '--json', '--topology']],
    ['fissile sql any --t', ['--topology']],
  ])('after "%s" offers %j', async (line, offered) => {
    const { out } = await typed('completion', shell);
    const { stdout, stderr } = spawnSync(shell, shells[shell]!(out, line), {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    expect(stderr).toBe('');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((text) => text.split(/[\t:]/, 1)[0])
        .sort(),
    ).toEqual(offered);
  });
});
