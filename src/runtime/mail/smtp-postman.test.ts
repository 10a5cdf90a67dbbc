import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pem, type TestAuthority, testAuthority } from '../../../tests/support/certificates.ts';
import { mailServer } from './mail-server.ts';
import { type Postman, Undeliverable } from './postman.ts';
import { smtpPostman } from './smtp-postman.ts';
import { mailbox, type Mailbox, type MailboxOptions } from './testing/mailbox.ts';

const login = { user: 'shop', pass: 'p@ss word' };
const letter = {
  id: '0195f0c0-0000-7000-8000-000000000001',
  name: 'library.overdue',
  to: 'ada@example.com',
  subject:
    'Grüße, and a line that is too long to be sent as one because mail servers cut lines that have more than 78 characters',
  text: 'Your code is 123456.\nBücher: file:///etc/passwd',
  html: '<p>Your code is <b>123456</b>.</p>',
};

let authority: TestAuthority;
let pem: Pem;
const trusted = getCACertificates();
beforeAll(async () => {
  authority = await testAuthority();
  pem = await authority.issue(['localhost']);
});
afterAll(() => authority.remove());

let box: Mailbox;
let postman: Postman;
afterEach(async () => {
  setDefaultCACertificates(trusted);
  postman.close();
  await box.close();
});

async function connected(options: MailboxOptions, url: (port: number) => string): Promise<void> {
  box = await mailbox(options);
  postman = smtpPostman(mailServer(url(box.port)), { name: '', address: 'no-reply@library.example' });
}
const credentials = 'shop:p%40ss%20word@';

describe('the postman', () => {
  it('sends every character, and nothing that it was not given', async () => {
    await connected({}, (port) => `smtp://127.0.0.1:${port}`);
    expect(await postman.deliver(letter)).toMatch(/^250/);
    expect(box.received[0]).toMatchObject({ to: letter.to, text: letter.text, html: letter.html, secure: false });
    const [, subject] = /=\?UTF-8\?Q\?(.*?)\?=/.exec(box.received[0]!.headers.subject!) ?? [];
    expect(subject).toContain('Gr=C3=BC=C3=9Fe');
  });

  it('takes a text with line breaks for a subject, never for more headers', async () => {
    await connected({}, (port) => `smtp://127.0.0.1:${port}`);
    await postman.deliver({ ...letter, subject: 'One\r\nBcc: eve@example.com' });
    expect(box.received).toHaveLength(1);
    expect(box.received[0]!.headers).not.toHaveProperty('bcc');
    expect(box.received[0]!.to).toBe(letter.to);
  });

  it.each([
    ['from the first byte', { secure: true }, (port: number) => `smtps://${credentials}localhost:${port}`],
    ['by STARTTLS', {}, (port: number) => `smtp://${credentials}localhost:${port}`],
  ])('speaks TLS %s, and logs in', async (_when, options, url) => {
    setDefaultCACertificates([...trusted, pem.ca]);
    await connected({ ...options, ...pem, login }, url);
    await postman.deliver(letter);
    expect(box.received[0]).toMatchObject({ secure: true, user: 'shop' });
  });

  it('gives no letter to a server whose certificate nobody vouches for', async () => {
    await connected({ ...pem, secure: true, login }, (port) => `smtps://${credentials}localhost:${port}`);
    await expect(postman.deliver(letter)).rejects.toMatchObject({ code: 'ESOCKET' });
    expect(box.received).toEqual([]);
  });

  it('gives no password to a server elsewhere that offers no TLS', async () => {
    box = await mailbox({ login });
    const server = mailServer(`smtp://${credentials}mail.example:${box.port}`);
    postman = smtpPostman({ ...server, host: '127.0.0.1' }, { name: '', address: 'no-reply@library.example' });
    await expect(postman.deliver(letter)).rejects.toMatchObject({ code: 'ETLS' });
    expect(box.received).toEqual([]);
  });

  it('tells what is wrong with a letter from what is wrong with our settings', async () => {
    setDefaultCACertificates([...trusted, pem.ca]);
    await connected({ ...pem, secure: true, login }, (port) => `smtps://shop:wrong@localhost:${port}`);
    const wrongPassword = await postman.deliver(letter).catch((error: unknown) => error);
    expect(wrongPassword).toMatchObject({ code: 'EAUTH' });
    expect(wrongPassword).not.toBeInstanceOf(Undeliverable);
    postman.close();
    await box.close();

    await connected({}, (port) => `smtp://localhost:${port}`);
    box.answerContent = () => ({ code: 554, text: 'This is spam' });
    await expect(postman.deliver(letter)).rejects.toBeInstanceOf(Undeliverable);
    box.answerContent = () => undefined;
    box.answerRecipient = () => ({ code: 421, text: 'Too busy' });
    const busy = await postman.deliver(letter).catch((error: unknown) => error);
    expect(busy).toBeInstanceOf(Error);
    expect(busy).not.toBeInstanceOf(Undeliverable);
  });

  it('keeps its connection for the next letter, and closes it at the end', async () => {
    await connected({}, (port) => `smtp://127.0.0.1:${port}`);
    await postman.deliver(letter);
    await postman.deliver(letter);
    expect(box.connections).toBe(1);
    postman.close();
    await expect.poll(() => box.connections).toBe(0);
  });
});
