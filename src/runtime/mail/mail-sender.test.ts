import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { personalTraces } from '../tables/personal-traces.ts';
import { never } from '../events/testing/landscape.ts';
import { mailServer } from './mail-server.ts';
import { noPostman, type Letter, type Postman } from './postman.ts';
import { smtpPostman } from './smtp-postman.ts';
import { mailbox, type Mailbox } from './testing/mailbox.ts';
import { type Office, overdue, Post, reminder } from './testing/post.ts';

const from = { name: 'Library', address: 'no-reply@library.example' };

let post: Post;
const postmen: Postman[] = [];
const boxes: Mailbox[] = [];
beforeEach(async () => {
  post = await Post.create();
});
afterEach(async () => {
  await post.drop();
  for (const postman of postmen.splice(0)) postman.close();
  for (const box of boxes.splice(0)) await box.close();
});

async function opened(port?: number): Promise<Mailbox> {
  const box = await mailbox({ ...(port !== undefined && { port }) });
  boxes.push(box);
  return box;
}
function postmanTo({ port }: { port: number }): Postman {
  const postman = smtpPostman(mailServer(`smtp://127.0.0.1:${port}`), from);
  postmen.push(postman);
  return postman;
}

/** Keeps letters that were delivered. */
function collecting(): Postman & { letters: Letter[] } {
  const letters: Letter[] = [];
  return { letters, deliver: async (letter) => String(letters.push(letter)), close() {} };
}

const metric = async (office: Office, line: RegExp) => (await office.metrics.text()).match(line)?.[1];

describe('a mail', () => {
  it('goes out after the commit, as text and HTML, with a Message-ID of its own', async () => {
    const box = await opened();
    const office = await post.start({ postman: postmanTo(box) });
    await office.add('ada');
    await expect.poll(() => box.received).toHaveLength(1);
    await expect.poll(() => post.states()).toEqual(['sent']);
    const [row] = await post.rows();
    expect(box.received[0]).toMatchObject({
      from: from.address,
      to: 'ada@example.com',
      text: 'Dear ada, bring them back.',
      html: '<p>Dear ada, bring them back.</p>',
      headers: {
        subject: 'Your books',
        from: 'Library <no-reply@library.example>',
        'message-id': `<${String(row!.id)}@library.example>`,
        'auto-submitted': 'auto-generated',
      },
    });
    expect(row).toMatchObject({
      recipient: 'ada@example.com',
      attempts: 1,
      data: {},
      note: expect.stringMatching(/^250/),
    });
    expect(await metric(office, /fissile_mail_duration_seconds_count\{.*outcome="sent"\} (\d+)/)).toBe('1');
  });

  it('is not sent where the transaction fails', async () => {
    const postman = collecting();
    const office = await post.start({ postman });
    const failing = office.database.transaction(async () => {
      office.messaging.mail.add(overdue, 'ada', { reader: 'ada' });
      throw new Error('changed our mind');
    });
    await expect(failing).rejects.toThrow('changed our mind');
    await office.add('grace');
    await expect.poll(() => postman.letters.map(({ to }) => to)).toEqual(['grace@example.com']);
    expect(await post.rows()).toHaveLength(1);
  });

  it('needs a transaction, data that its schema takes, and somebody who composes it', async () => {
    const { database, messaging } = await post.start({ postman: collecting() });
    expect(() => messaging.mail.add(overdue, 'ada', { reader: 'ada' })).toThrow(/transaction/);
    const wrong = database.transaction(async () => messaging.mail.add(overdue, 'ada', { reader: 1 } as never));
    await expect(wrong).rejects.toThrow(/reader/);
    const unknown = database.transaction(async () =>
      messaging.mail.add({ ...overdue, name: 'library.other' }, 'ada', { reader: 'ada' }),
    );
    await expect(unknown).rejects.toThrow('library.other is not among the mails of this module');
  });

  it('belongs to the person it turns out to be for, with whom it is forgotten', async () => {
    const compose = async (data: { reader: string }) => ({ ...(await reminder(data))!, key: 'person' });
    const office = await post.start({ postman: collecting(), compose });
    await office.add('ada');
    await expect.poll(() => post.rows()).toMatchObject([{ state: 'sent', recipient: 'ada@example.com' }]);
    await personalTraces(office.database).forget('person');
    expect(await post.rows()).toEqual([]);
  });

  it('that nobody needs any more is forgotten', async () => {
    const postman = collecting();
    const office = await post.start({
      postman,
      compose: async (data) => (data.reader === 'gone' ? undefined : reminder(data)),
    });
    await office.add('gone', 'ada');
    await expect.poll(() => post.states()).toEqual(['sent']);
    expect(postman.letters.map(({ to }) => to)).toEqual(['ada@example.com']);
  });
});

describe('a mail server', () => {
  it('that is away delays mails and loses none', async () => {
    const { port, close } = await mailbox();
    await close();
    const office = await post.start({ postman: postmanTo({ port }) });
    await office.add('ada', 'grace');
    await expect.poll(async () => (await post.rows()).every(({ attempts }) => Number(attempts) >= 2)).toBe(true);
    expect(await post.states()).toEqual(['waiting', 'waiting']);
    expect(await metric(office, /fissile_mails_waiting\{.*\} (\d+)/)).toBe('2');
    const box = await opened(port);
    await expect
      .poll(() => box.received.map(({ to }) => to).toSorted())
      .toEqual(['ada@example.com', 'grace@example.com']);
    await expect.poll(() => post.states()).toEqual(['sent', 'sent']);
  });

  it('that refuses a recipient for good ends the mail with a note, which the log does not repeat', async () => {
    const box = await opened();
    box.answerRecipient = (address) =>
      address === 'ada@example.com' ? { code: 550, text: `5.1.1 <${address}> is unknown here` } : undefined;
    const lines: unknown[] = [];
    const warn = (...line: unknown[]) => void lines.push(line);
    const logger = { debug() {}, info() {}, warn, error: warn };
    const office = await post.start({ postman: postmanTo(box), logger });
    await office.add('ada', 'grace');
    await expect.poll(async () => (await post.states()).toSorted()).toEqual(['refused', 'sent']);
    const refused = (await post.rows()).find(({ state }) => state === 'refused');
    expect(refused).toMatchObject({ attempts: 1, data: {}, note: expect.stringContaining('5.1.1') });
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('ada@');
    expect(await metric(office, /fissile_mail_duration_seconds_count\{.*outcome="refused"\} (\d+)/)).toBe('1');
  });

  it.each([
    ['a recipient', 'answerRecipient', 450],
    ['a message', 'answerContent', 451],
  ] as const)('that cannot take %s for now is asked again', async (_what, answer, code) => {
    const box = await opened();
    let asked = 0;
    box[answer] = () => (asked++ < 2 ? { code, text: 'Try again later' } : undefined);
    const office = await post.start({ postman: postmanTo(box) });
    await office.add('ada');
    await expect.poll(() => post.states()).toEqual(['sent']);
    expect(box.received).toHaveLength(1);
    expect((await post.rows())[0]).toMatchObject({ attempts: 3 });
  });

  it('that does not come back in time gets no old news', async () => {
    const postman = { deliver: () => Promise.reject(new Error('away')), close() {} };
    const office = await post.start({ postman, mail: { ...overdue, usefulFor: 1 } });
    await office.add('ada');
    await expect.poll(() => post.states()).toEqual(['expired']);
    expect((await post.rows())[0]).toMatchObject({ data: {} });
  });
});

describe('an instance', () => {
  it('that dies with mails under way leaves them to the next one, under the same Message-IDs', async () => {
    const begun: Letter[] = [];
    const hanging: Postman = { deliver: (letter) => (begun.push(letter), never), close() {} };
    const first = await post.start({ postman: hanging, limits: { mails: 1 } });
    await first.add('ada', 'grace');
    await expect.poll(() => begun).toHaveLength(1);
    await first.crash();
    const postman = collecting();
    await post.start({ postman });
    await expect.poll(() => post.states()).toEqual(['sent', 'sent']);
    expect(postman.letters.map(({ to }) => to).toSorted()).toEqual(['ada@example.com', 'grace@example.com']);
    expect(postman.letters.find(({ to }) => to === begun[0]!.to)!.id).toBe(begun[0]!.id);
  });

  it('leaves alone what another one that lives is sending', async () => {
    let answer = (_: string) => {};
    const slow: Postman = { deliver: () => new Promise((resolve) => (answer = resolve)), close() {} };
    const first = await post.start({ postman: slow });
    await first.add('ada');
    await expect.poll(async () => (await post.rows())[0]?.recipient).toBe('ada@example.com');
    const postman = collecting();
    const second = await post.start({ postman });
    await second.add('grace');
    await expect.poll(() => postman.letters.map(({ to }) => to)).toEqual(['grace@example.com']);
    answer('250 taken');
    await expect.poll(() => post.states()).toEqual(['sent', 'sent']);
    expect(postman.letters).toHaveLength(1);
  });

  it('without a postman leaves mails to one that has one', async () => {
    const mute = await post.start({});
    await mute.add('ada');
    const postman = collecting();
    await post.start({ postman });
    await expect.poll(() => postman.letters).toHaveLength(1);
  });

  it('that has nowhere to send mail to says so in the note', async () => {
    const office = await post.start({ postman: noPostman('MAIL_URL was not set.') });
    await office.add('ada');
    await expect.poll(() => post.rows()).toMatchObject([{ state: 'refused', note: 'MAIL_URL was not set.' }]);
  });

  it("finds room for others among one person's crowd of mails", async () => {
    const begun: string[] = [];
    const hanging: Postman = { deliver: ({ to }) => (begun.push(to), never), close() {} };
    const office = await post.start({ postman: hanging, limits: { mails: 4 } });
    await office.add(...Array.from({ length: 10 }, () => 'ada'), 'grace');
    await expect.poll(() => begun.toSorted()).toEqual(['ada@example.com', 'grace@example.com']);
  });

  it('forgets mails some time after their end', async () => {
    const postman = collecting();
    const office = await post.start({ postman, limits: { retention: 0 } });
    await office.add('ada');
    await expect.poll(() => post.states()).toEqual(['sent']);
    await post.test.sql('update library.schedules set next_run_at = now()');
    await expect.poll(() => post.rows()).toEqual([]);
  });
});
