import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mail } from '#platform/mail.ts';
import { api } from '#platform/contract.ts';
import { compose, defineModule } from '#platform/module.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import { Undeliverable } from '#runtime/mail/postman.ts';
import { readConfiguration } from './configuration.ts';
import { postmanOf, shownMails } from './mail.ts';
import { Opened } from './opened.ts';

const overdue = mail('library.overdue', z.object({}), { purpose: 'reminding of books', usefulFor: 1_000 });
const library = defineModule('library', {
  offers: api('library', {}),
  operations: {},
  mails: [compose(overdue, () => async () => undefined, [])],
});
const letter = { id: 'x', name: 'x', to: 'a@b.example', subject: 'x', text: 'x', html: 'x' };

async function started(environment: Record<string, string>, definitions = [library]) {
  const said: string[] = [];
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  const announce = (line: string) => void said.push(line);
  const postman = await postmanOf({ configuration: readConfiguration(environment), definitions, announce }, opened);
  await opened.closeAll();
  return { said, postman };
}

describe('without MAIL_URL', () => {
  it('a start in production says in one line what cannot be done, and no mail is sent', async () => {
    const { said, postman } = await started({ NODE_ENV: 'production' });
    expect(said).toEqual(['MAIL_URL is not set, so no mail is sent. It is needed for reminding of books.']);
    await expect(postman.deliver(letter)).rejects.toBeInstanceOf(Undeliverable);
    expect((await started({ NODE_ENV: 'production' }, [])).said).toEqual([]);
    const server = { MAIL_URL: 'smtps://mail.example', MAIL_FROM: 'a@b.example' };
    expect((await started({ NODE_ENV: 'production', ...server })).said).toEqual([]);
  });

  it('mails are shown in development, by a gateway that only this machine reaches', () => {
    const shown = (environment: Record<string, string>, isGateway = true) =>
      shownMails(readConfiguration(environment), isGateway) !== undefined;
    expect(shown({})).toBe(true);
    expect(shown({ HOST: '::1' })).toBe(true);
    expect(shown({}, false)).toBe(false);
    expect(shown({ HOST: '0.0.0.0' })).toBe(false);
    expect(shown({ NODE_ENV: 'production', HOST: '127.0.0.1' })).toBe(false);
    expect(shown({ MAIL_URL: 'smtp://127.0.0.1:1025', MAIL_FROM: 'a@b.example' })).toBe(false);
  });
});

it('MAIL_URL and MAIL_FROM belong together', () => {
  for (const half of [{ MAIL_URL: 'smtps://mail.example' }, { MAIL_FROM: 'a@b.example' }])
    expect(() => readConfiguration(half)).toThrow('MAIL_URL and MAIL_FROM belong together');
});
