import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeptMails } from '#runtime/mail/kept-mails.ts';
import { gateway } from '../../tests/support/gateway.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'fissile-mails-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
const keptMails = new KeptMails(dataDir);
const { http } = gateway([], { keptMails });
const letter = {
  id: uuid(),
  name: 'library.overdue',
  to: '"><script>alert(1)</script>@example.com',
  subject: 'Books & <b>more</b>',
  text: 'Bring <them> back: https://library.example/?code=123456',
  html: '<p style="color: red">Bring them back.<script>alert(1)</script></p>',
};
beforeAll(() => keptMails.postman.deliver(letter));

describe('the page with mails', () => {
  it('lists them and shows each, escaped', async () => {
    const list = await http.get('/mails');
    expect(list.status).toBe(200);
    expect(list.text).toContain('Books &amp; &lt;b&gt;more&lt;/b&gt;');
    expect(list.text).toContain(`href="/mails/${letter.id}"`);
    const one = await http.get(`/mails/${letter.id}`);
    expect(one.text).toContain('Bring &lt;them&gt; back');
    expect(list.text + one.text).not.toContain('<script');
    for (const { headers } of [list, one]) {
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    }
  });

  it('shows the HTML in a sandbox without scripts', async () => {
    const { text, headers } = await http.get(`/mails/${letter.id}/html`);
    expect(text).toBe(letter.html);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
    expect(headers['content-security-policy']).toMatch(/sandbox allow-popups/);
    expect(headers['content-security-policy']).not.toMatch(/script-src|allow-scripts|allow-same-origin/);
    expect(headers['x-frame-options']).toBeUndefined();
  });

  it('gives them to programs as JSON', async () => {
    expect((await http.get('/mails.json')).body).toMatchObject([letter]);
  });

  it('knows no other mail', async () => {
    for (const path of [`/mails/${uuid()}`, '/mails/..%2f..%2fsecret', `/mails/${uuid()}/html`])
      expect((await http.get(path)).status).toBe(404);
  });

  it.each(['/mails', '/mails.json', `/mails/${letter.id}`, `/mails/${letter.id}/html`])(
    'shows nothing at %s to a page that reaches it by another name',
    async (path) => {
      const { status, text } = await http.get(path).set('Host', 'evil.example:3000');
      expect(status).toBe(404);
      expect(text).not.toContain('Bring');
    },
  );

  it('is not there without mails to show', async () => {
    expect((await gateway([]).http.get('/mails')).status).toBe(404);
  });
});
