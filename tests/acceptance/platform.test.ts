import { describe, expect, it } from 'vitest';
import { Visitor } from './client.ts';

const stranger = () => new Visitor();

describe('the program', () => {
  it('says that it lives and is ready', async () => {
    expect((await stranger().get('/livez')).status).toBe(200);
    expect((await stranger().get('/readyz')).status).toBe(200);
  });

  it('describes every event in AsyncAPI 3', async () => {
    const { status, body } = await stranger().get('/asyncapi.json');
    expect(status).toBe(200);
    expect(body.asyncapi).toMatch(/^3\./);
    expect(Object.keys(body.operations)).toEqual(
      expect.arrayContaining([
        'auth.user-registered.v1',
        'users.person-erased.v1',
        'orders.order-placed.v1',
        'orders.order-paid.v1',
        'orders.order-cancelled.v1',
        'payments.payment-captured.v1',
        'payments.payment-refunded.v1',
        'payments.refund-cancelled-order',
      ]),
    );
  });

  it('describes every endpoint in OpenAPI 3.1', async () => {
    const { status, body } = await stranger().get('/openapi.json');
    expect(status).toBe(200);
    expect(body.openapi).toMatch(/^3\.1/);
    for (const [path, methods] of Object.entries({
      '/v1/auth/register': ['post'],
      '/v1/users/me': ['get', 'patch', 'delete'],
      '/v1/users/me/addresses/{id}': ['put', 'delete'],
      '/v1/products/{sku}': ['get', 'patch'],
      '/v1/orders': ['get', 'post'],
      '/v1/orders/{id}/cancel': ['post'],
      '/v1/payments/{id}/refunds': ['post'],
      '/v1/payments/webhooks/{provider}': ['post'],
    })) {
      expect(Object.keys(body.paths[path] ?? {}), path).toEqual(expect.arrayContaining(methods));
    }
  });

  it('shows a page for it that loads nothing from elsewhere', async () => {
    const { status, headers, body } = await stranger().get('/docs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch('text/html');
    const loaded = [...String(body).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);
    expect(loaded.length).toBeGreaterThan(0);
    for (const url of loaded) {
      expect(url).not.toMatch(/^(https?:)?\/\//);
      if (!url.startsWith('data:'))
        expect((await stranger().get(new URL(url, 'http://x/docs').pathname)).status, url).toBe(200);
    }
  });

  it('publishes the keys of its tokens and nothing private', async () => {
    const { status, body } = await stranger().get('/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(body.keys.length).toBeGreaterThan(0);
    for (const key of body.keys) {
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig', kid: expect.any(String) });
      expect(key).not.toHaveProperty('d');
    }
  });

  it('answers what does not exist with a problem that names the request', async () => {
    const { status, headers, body } = await stranger().get('/v1/nothing', { 'x-request-id': 'my-request-7' });
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch('application/problem+json');
    expect(headers.get('x-request-id')).toBe('my-request-7');
    expect(body).toMatchObject({ status: 404, title: expect.any(String) });
  });

  it('sends the headers that keep browsers safe and names no software', async () => {
    const { headers } = await stranger().get('/v1/products');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('access-control-allow-origin'), 'CORS is off').toBeNull();
  });

  it('counts what it does', async () => {
    await stranger().get('/v1/products');
    const { status, body } = await stranger().get('/metrics');
    expect(status).toBe(200);
    for (const name of [
      'http_server_request_duration_seconds',
      'fissile_calls_total',
      'outbox_',
      'saga',
      'db_client_connection',
      'process_cpu',
    ]) {
      expect(body, name).toMatch(name);
    }
  });
});
