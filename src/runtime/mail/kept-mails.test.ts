import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuid } from 'uuid';
import { afterEach, expect, it } from 'vitest';
import { KeptMails } from './kept-mails.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'fissile-mails-'));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const letter = (to: string) => ({
  id: uuid(),
  name: 'library.overdue',
  to,
  subject: 'Books',
  text: 'Bring them.',
  html: '<p>Bring them.</p>',
});

it('keeps letters in files of their own, readable by their owner only, the newest first', async () => {
  const kept = new KeptMails(dataDir);
  expect(await kept.list()).toEqual([]);
  const letters = ['ada', 'grace'].map(letter);
  for (const each of letters) await kept.postman.deliver(each);
  await kept.postman.deliver(letters[1]!);
  expect(await kept.list()).toMatchObject(letters.toReversed());
  expect(await kept.read(letters[0]!.id)).toMatchObject({ to: 'ada', keptAt: expect.any(String) });
  const files = readdirSync(join(dataDir, 'mails'));
  expect(files).toHaveLength(2);
  for (const file of files) expect(statSync(join(dataDir, 'mails', file)).mode & 0o77).toBe(0);
});

it('reads nothing but its own letters', async () => {
  const kept = new KeptMails(dataDir);
  await kept.postman.deliver(letter('ada'));
  for (const id of ['../secrets', '', uuid()]) expect(await kept.read(id)).toBeUndefined();
});

it('makes room for new ones', async () => {
  const kept = new KeptMails(dataDir);
  const first = letter('first');
  await kept.postman.deliver(first);
  for (let n = 0; n < 500; n++) await kept.postman.deliver(letter('later'));
  expect(await kept.list()).toHaveLength(500);
  expect(await kept.read(first.id)).toBeUndefined();
});
