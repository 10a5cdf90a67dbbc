/** `admin` and `sql`: what the person at the machine types, on data of a program that runs or has stopped. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from './support/postgres.ts';
import { administrator, start, temporaryFolder, type RunningProgram } from './support/running-program.ts';

const newPassword = 'another good password';
const root = join(import.meta.dirname, '..');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let environment: Record<string, string>;
let program: RunningProgram | undefined;
beforeAll(async () => {
  folder = await temporaryFolder();
  environment = { DATA_DIR: join(folder.path, 'data'), SEED: 'none' };
  program = await start(environment);
});
afterAll(async () => {
  await program?.stop('SIGKILL');
  await folder.remove();
});

function run(args: readonly string[], { input = '', ...more }: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/start.js'), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...environment, ...more },
    input,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, told: stderr };
}
const passwordIn = ({ out }: { out: string }) => /password (\S{24}) /.exec(out)?.[1] ?? '';

async function logIn(email: string, password: string, fields: object = {}) {
  const answer = await fetch(`${program!.url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, ...fields }),
  });
  return { status: answer.status, body: (await answer.json()) as { accessToken: string; code?: string } };
}
const profile = async (token: string) =>
  (await fetch(`${program!.url}/v1/users/me`, { headers: { authorization: `Bearer ${token}` } })).status;

describe('while the program runs', () => {
  it('an administrator is made, and logs in with the password once', async () => {
    const made = run(['admin', 'create', 'Grace@Example.com']);
    expect(made).toMatchObject({ code: 0, told: '' });
    expect(made.out).toContain('Administrator: grace@example.com, password ');
    const { body } = await logIn('grace@example.com', passwordIn(made));
    expect(body.code).toBe('auth.password-change-required');
    expect((await logIn('grace@example.com', passwordIn(made), { newPassword })).status).toBe(200);
    expect((await logIn('grace@example.com', passwordIn(made), { newPassword })).status).toBe(401);
    expect(run(['admin', 'list']).out.match(/^(admin|grace)@example\.com /gm)).toEqual([
      'admin@example.com ',
      'grace@example.com ',
    ]);
    const forScripts = JSON.parse(run(['admin', 'list', '--json']).out) as object[];
    expect(forScripts).toMatchObject([
      { email: 'admin@example.com', oneTimePassword: false },
      { email: 'grace@example.com' },
    ]);
  });

  it('a password that was lost is replaced, and every session ends', async () => {
    const before = (await logIn(administrator.email, administrator.password)).body.accessToken;
    const reset = run(['admin', 'reset-password', administrator.email]);
    expect(reset.code).toBe(0);
    expect((await logIn(administrator.email, administrator.password)).status).toBe(401);
    const { body } = await logIn(administrator.email, passwordIn(reset), { newPassword });
    expect(await profile(body.accessToken)).toBe(200);
    expect(await profile(before), 'it was used nowhere before').toBe(401);
  });

  it.each([
    [['admin', 'create', 'grace'], 1, 'Failed: "grace" is not an e-mail address.\n'],
    [['admin', 'create', 'grace@example.com'], 1, /^Failed: grace@example\.com has an account already\. [^\n]+\n$/],
    [
      ['admin', 'reset-password', 'nobody@example.com'],
      1,
      /^Failed: nobody@example\.com is no administrator\. [^\n]+\n$/,
    ],
    [
      ['admin', 'create'],
      2,
      /^Use: admin list, or admin create EMAIL, or admin reset-password EMAIL\. Try --help\.\n$/,
    ],
    [['admni'], 2, "Unknown command 'admni'. Did you mean admin? Try --help.\n"],
    [['sql', 'bakery'], 2, /^There is no module "bakery"\. There are: [^\n]+\n$/],
    [['sql', '--topology', 'topologies/split.yaml'], 2, /^Name a module: [^\n]+\n$/],
  ])('%j is answered in one line', (args, code, told) => {
    expect(run(args)).toEqual({ code, out: '', told: typeof told === 'string' ? told : expect.stringMatching(told) });
  });

  it('the help names the commands of modules', () => {
    expect(run(['--help']).out).toMatch(/^ {2}admin create EMAIL +create an administrator/m);
    expect(run(['admin', '--help']).out).toMatch(/^ {2}admin list +list the administrators$/m);
  });

  const withoutPsql = join(import.meta.dirname, 'nothing-here');
  it.each(
    process.env.PATH!.split(':').some((path) => spawnSync(join(path, 'psql'), ['--version']).status === 0)
      ? ['psql', 'a prompt of its own']
      : ['a prompt of its own'],
  )("sql opens %s as the module's role, which reaches nothing else", (what) => {
    const more = what === 'psql' ? {} : { PATH: withoutPsql };
    const shown = run(['sql', 'auth'], {
      ...more,
      input: "select email, 'of ' || current_user\nfrom accounts order by 1 limit 1;\n",
    });
    expect(shown).toMatchObject({ code: 0, told: '' });
    expect(shown.out).toMatch(/admin@example\.com \| of \S*auth/);
    const refused = run(['sql', 'auth'], { ...more, input: 'select * from users.profiles;\nselect 7 as seven;\n' });
    expect(refused.out + refused.told).toMatch(/permission denied for schema users/);
    expect(refused.out).toMatch(/seven/);
    expect(run(['sql'], { ...more, input: 'select count(*) as people from users.people;\n' }).out).toMatch(/people/);
  });
});

describe('while the program is stopped', () => {
  it('an administrator is made, announced at the next start, and asked about in SQL', async () => {
    await program!.stop();
    const made = run(['admin', 'create', 'ada@example.com']);
    expect(made.code).toBe(0);
    const waiting = () =>
      run(['sql', 'auth'], { input: "select 'waits: ' || count(*) from outbox where published_at is null;\n" }).out;
    expect(waiting()).toContain('waits: 1');
    program = await start(environment);
    await expect.poll(waiting).toContain('waits: 0');
    const { body } = await logIn('ada@example.com', passwordIn(made), { newPassword });
    expect(await profile(body.accessToken)).toBe(200);
  });

  it('nothing is made where there is no data', () => {
    const DATA_DIR = join(folder.path, 'empty');
    mkdirSync(DATA_DIR);
    for (const args of [['admin', 'create', 'ada@example.com'], ['sql', 'auth'], ['sql']]) {
      expect(run(args, { DATA_DIR })).toEqual({
        code: 1,
        out: '',
        told: expect.stringMatching(/^Failed: There is no database in [^\n]+\n$/),
      });
    }
  });
});

describe('on a server that the settings name', () => {
  it('an administrator is made the same way', async () => {
    const { url: DATABASE_URL, drop } = await freshDatabaseUrl();
    try {
      expect(run(['admin', 'list'], { DATABASE_URL })).toMatchObject({
        code: 1,
        told: expect.stringMatching(/^Failed: There is no data [^\n]+\n$/),
      });
      expect(run(['migrate'], { DATABASE_URL }).code).toBe(0);
      expect(run(['admin', 'list'], { DATABASE_URL }).out).toBe('There is no administrator.\n');
      expect(run(['admin', 'create', 'ada@example.com'], { DATABASE_URL }).code).toBe(0);
      expect(run(['sql', 'auth'], { DATABASE_URL, input: 'select email from accounts;\n' }).out).toContain(
        'ada@example.com',
      );
      expect(run(['sql'], { DATABASE_URL, input: 'select email from auth.accounts;\n' }).out).toContain(
        'ada@example.com',
      );
    } finally {
      await drop();
    }
  });
});
