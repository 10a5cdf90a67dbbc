import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api } from '#platform/contract.ts';
import { defineModule } from '#platform/module.ts';
import { unknownVariables } from './unknown-variables.ts';

const bakery = defineModule('bakery', {
  offers: api('bakery', {}),
  operations: {},
  settings: z.object({ OVEN_TIMEOUT: z.string() }),
});
const linesFor = (...names: string[]) =>
  unknownVariables(Object.fromEntries(names.map((name) => [name, 'x'])), [bakery]);

describe('a variable that is no setting', () => {
  it.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['OVEN_TIMOUT', 'OVEN_TIMEOUT'],
    ['BAKERY_DATABASE_URI', 'BAKERY_DATABASE_URL'],
  ])('%s is told with what it may mean, %s', (name, meant) => {
    expect(linesFor(name)).toEqual([`${name} is no setting of this program. Did you mean ${meant}?`]);
  });

  it('is told when it begins like those of a module', () => {
    expect(linesFor('BAKERY_OVENS')).toEqual(['BAKERY_OVENS is no setting of this program; "settings" lists them all']);
  });

  it('is left alone when it is a setting, unset, or of something else', () => {
    const others = ['PATH', 'HOME', 'HOSTNAME', 'LANG', 'PWD', 'SSL_CERT', 'POSTGRES_PASSWORD', 'npm_config_cache'];
    const ofKubernetes = [
      'BAKERY_SERVICE_HOST',
      'BAKERY_SERVICE_PORT_GRPC',
      'BAKERY_PORT',
      'BAKERY_PORT_5010_TCP_ADDR',
    ];
    expect(
      linesFor('PORT', 'DATABASE_URL', 'BAKERY_URL', 'BAKERY_HTTP_URL', 'OVEN_TIMEOUT', ...others, ...ofKubernetes),
    ).toEqual([]);
    expect(unknownVariables({ DATABSE_URL: '' }, [bakery])).toEqual([]);
  });
});
