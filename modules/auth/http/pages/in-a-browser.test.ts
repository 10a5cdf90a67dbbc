import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFindings, looks, startBrowser, withoutBrowser } from '../../../../tests/support/browser.ts';
import { startTestProgram, type TestProgram } from '../../../../tests/support/program.ts';
import { freePort } from '../../../../tests/support/running-program.ts';
import { Applications } from '../../domain/applications.ts';
import { Consents } from '../../domain/consents.ts';
import { TotpSecrets } from '../../domain/totp-secrets.ts';
import { oneTimeCodes } from '../../security/one-time-codes.ts';

const password = 'correct horse battery staple';

describe.skipIf(withoutBrowser)(`in a browser (${withoutBrowser ?? 'Chromium'})`, () => {
  let program: TestProgram;
  let browser: Browser;
  beforeAll(async () => {
    const port = await freePort();
    program = await startTestProgram({
      modules: ['auth'],
      environment: {
        PORT: String(port),
        SHOP_NAME: 'Corner Shop',
        SHOP_COLOUR: '#ffcc00',
        AUTH_KEY_SECRET: 'a secret of more than thirty-two characters',
      },
    });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await program?.stop();
  });

  async function somebody() {
    const email = `${randomUUID()}@example.com`;
    const { body } = await request(program.url)
      .post('/v1/auth/register')
      .send({ email, password, name: 'Ada Lovelace' })
      .expect(201);
    return { email, userId: (body as { userId: string }).userId };
  }

  /** A page of its own cookies, and what its policy and its scripts complained of. */
  async function opened(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({
      baseURL: new URL(program.url).origin.replace('127.0.0.1', 'localhost'),
      ...options,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    return { page, complaints, close: () => context.close() };
  }

  async function logIn(page: Page, email: string): Promise<void> {
    await page.goto('/account/login');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  /** The Tea Timer, which may see the profile of this person and place orders. */
  async function anApplicationOf(accountId: string): Promise<void> {
    const { container } = program.modules.get('auth')!;
    const [id, now] = [randomUUID(), new Date()];
    await container.get(Applications).add({
      id,
      name: 'Tea Timer',
      kind: 'public',
      redirectUris: ['https://timer.example/callback'],
      postLogoutRedirectUris: [],
      backchannelLogoutUri: null,
      scopes: ['profile', 'orders:write'],
      roles: [],
      logo: null,
      createdAt: now,
      disabledAt: null,
    });
    await container
      .get(Consents)
      .give({ accountId, applicationId: id, scopes: ['profile', 'orders:write'], givenAt: now });
  }

  /** Every page, from where a person comes to it. */
  const journeys: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
    'logging in': (page) => page.goto('/account/login'),
    'a login that was refused': async (page) => {
      await page.goto('/account/login');
      await page.getByLabel('E-mail address').fill('nobody@example.com');
      await page.getByLabel('Password').fill('not a password of anybody');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').waitFor();
    },
    'opening an account': (page) => page.goto('/account/register'),
    'a forgotten password': (page) => page.goto('/account/forgotten'),
    'a link on its way': async (page) => {
      await page.goto('/account/forgotten');
      await page.getByLabel('E-mail address').fill('nobody@example.com');
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByRole('heading', { name: 'Look at your mail' }).waitFor();
    },
    'a password to choose': (page) => page.goto('/account/reset?token=anything'),
    'an address to confirm': (page) => page.goto('/account/verify?token=anything'),
    'an account that was opened': (page) => page.goto('/account/login?opened=1'),
    'a code': async (page) => {
      const { email, userId } = await somebody();
      const secrets = program.modules.get('auth')!.container.get(TotpSecrets);
      const secret = oneTimeCodes('Corner Shop').newSecret();
      await secrets.propose(userId, secret, new Date());
      await secrets.confirm(userId, secret, 0, new Date());
      await logIn(page, email);
      await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    },
    'the account': async (page) => {
      await logIn(page, (await somebody()).email);
      await page.getByRole('heading', { name: 'Your account' }).waitFor();
    },
    'another password': async (page) => {
      await logIn(page, (await somebody()).email);
      await page.getByRole('link', { name: 'Change your password' }).click();
      await page.getByLabel('New password').waitFor();
    },
    sessions: async (page) => {
      const { email } = await somebody();
      await request(program.url)
        .post('/v1/auth/login')
        .set(
          'User-Agent',
          'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1',
        )
        .send({ email, password })
        .expect(200);
      await logIn(page, email);
      await page.getByRole('link', { name: 'where you are logged in' }).click();
      await page.getByText('Safari on iPhone').first().waitFor();
    },
    applications: async (page) => {
      const { email, userId } = await somebody();
      await anApplicationOf(userId);
      await logIn(page, email);
      await page.getByRole('link', { name: 'applications with access' }).click();
      await page.getByText('Tea Timer').first().waitFor();
    },
    goodbye: async (page) => {
      await logIn(page, (await somebody()).email);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByText('You are logged out.').waitFor();
    },
    'a page that is not there': (page) => page.goto('/account/nothing'),
  };

  describe.each(Object.entries(looks))('in %s', (look, options) => {
    it.each(Object.entries(journeys))('is accessible to everybody, and fits: %s', async (name, go) => {
      const { page, complaints, close } = await opened(options);
      await go(page);
      expect(await accessibilityFindings(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      expect(complaints.filter((line) => !line.includes('the server responded with a status of 4'))).toEqual([]);
      const { SCREENSHOTS } = process.env;
      if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name.replaceAll(' ', '-')}-${look}.png` });
      await close();
    });
  });

  it('works without JavaScript', async () => {
    const { page, close } = await opened({ javaScriptEnabled: false });
    const email = `${randomUUID()}@example.com`;
    await page.goto('/account/password');
    await page.getByRole('link', { name: 'Open an account' }).click();
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Open the account' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByLabel('Current password').fill(password);
    await page.getByLabel('New password').fill('an even better password');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await page.getByRole('status').textContent()).toContain('Your password is changed.');
    await close();
  });

  it('works with the keyboard alone', async () => {
    const { email } = await somebody();
    const { page, close } = await opened();
    await page.goto('/account/login');
    await page.locator('#email:focus').waitFor();
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    const focused = async () => (await page.evaluate('document.activeElement.textContent')) as string;
    const way: string[] = [];
    for (let step = 0; step < 6; step++) {
      await page.keyboard.press('Tab');
      way.push((await focused()).trim());
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline, way.at(-1)!).toBe('solid');
    }
    expect(way).toEqual([
      'Corner Shop',
      'Change your password',
      'Show where you are logged in',
      'Show applications with access',
      'Show accounts elsewhere',
      'Log out',
    ]);
    await close();
  });
});
