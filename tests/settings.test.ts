import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { envExample } from '../build/docs/settings-page.ts';
import { readConfiguration } from '../src/host/configuration.ts';
import { checkEnvironment } from '../src/host/environment.ts';
import { findModules, loadModules } from '../src/host/modules.ts';
import { schemasOf, settingGroups } from '../src/host/settings.ts';

const modules = await loadModules(await findModules());
const groups = settingGroups(modules);
const settings = groups.flatMap((group) => Object.entries(group.settings));

describe('the settings', () => {
  it('each say what they are for, and are listed once', () => {
    expect(settings.filter(([, { description }]) => !description)).toEqual([]);
    const names = settings.map(([variable]) => variable);
    expect(names).toEqual([...new Set(names)]);
  });

  it('are marked as secret where a name, a URL with a password or a list with secrets says so', () => {
    const secret = settings.filter(([, setting]) => setting.secret).map(([variable]) => variable);
    const byName = settings
      .map(([variable]) => variable)
      .filter((variable) =>
        /(SECRET|PASSWORD|API_KEY|OTLP_HEADERS|DATABASE_URL|DIRECT_URL|EVENTS_URL|MAIL_URL|REDIS_URL|AUTH_PROVIDERS)$/.test(
          variable,
        ),
      );
    expect(secret).toEqual(byName);
    expect(secret.length).toBeGreaterThan(8);
  });

  it.each(
    settings
      .filter(([, setting]) => setting.secret)
      .map(([variable]) => variable.replace(/<\w+>/, modules[0]!.name.toUpperCase())),
  )('never tell the value of %s, a secret, when it is wrong', (variable) => {
    const wrong = 'my:hunter2@%zz';
    const told = () => checkEnvironment(schemasOf(modules), { [variable]: wrong, NODE_ENV: 'wrong' });
    expect(told).toThrow(/NODE_ENV/);
    expect(told).not.toThrow(/hunter2|%zz/);
  });

  it('have an example for .env that changes nothing, as it is and with every default uncommented', () => {
    const example = envExample(groups);
    expect(parseEnv(example)).toEqual({});
    const uncommented = parseEnv(example.replaceAll(/^#(?! )/gm, '')) as Record<string, string>;
    expect(Object.keys(uncommented).length).toBeGreaterThan(50);
    expect(readConfiguration(uncommented)).toEqual(readConfiguration({}));
    expect(() => checkEnvironment(schemasOf(modules), uncommented)).not.toThrow();
  });
});
