import { describe, expect, inject, it } from 'vitest';
import { Visitor as Browser } from '../support/page-visitor.ts';
import { somebody } from './client.ts';

describe('pages', () => {
  it('let a person open an account, log in, see where they are logged in, and log out', async () => {
    const browser = new Browser(inject('baseUrl'));
    const { name, email, password } = somebody();
    await browser.open('/account/register');
    const opened = await browser.submit({ name, email, password });
    expect([opened.status, opened.headers.location]).toEqual([303, '/account/login?opened=1']);
    await browser.open(opened.headers.location!);
    const entered = await browser.submit({ email, password });
    expect([entered.status, entered.headers.location]).toEqual([303, '/account']);
    expect((await browser.open('/account')).text).toContain(email);
    expect((await browser.open('/account/sessions')).text).toContain('This browser');
    await browser.open('/account');
    expect((await browser.submit({}, '/account/logout')).text).toContain('You are logged out.');
    expect((await browser.open('/account')).headers.location).toBe('/account/login?to=%2Faccount');
  });

  it('have their own policy, style and not-found page', async () => {
    const browser = new Browser(inject('baseUrl'));
    const { headers } = await browser.open('/account/login');
    expect(headers['content-security-policy']).toContain("style-src 'self'");
    expect((await browser.open('/account/pages.css')).headers['content-type']).toBe('text/css; charset=utf-8');
    expect((await browser.open('/account/nothing')).text).toContain('Page not found');
  });
});
