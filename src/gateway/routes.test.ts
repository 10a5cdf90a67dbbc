import express from 'express';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { type Route, routeFinder, routesOf } from './routes.ts';

/** Routes that tell what was found; the finder that does without Express must find the same. */
function table(...names: string[]) {
  const routes = names.map((name): Route => {
    const [method, url] = name.split(' ') as [Route['method'], string];
    return {
      method,
      url,
      access: 'anyone',
      operational: false,
      answer: ({ params }, response) => void response.json([name, { ...params }]),
    };
  });
  const app = express().use((request, _response, next) => {
    request.context = {} as never;
    next();
  });
  app.use(routesOf(routes, [], (_request, _response, next) => next()));
  const find = routeFinder(routes);
  return async (method: 'get' | 'put' | 'post', path: string) => {
    const { status, body } = await supertest(app)[method](path);
    const found = find(method.toUpperCase(), path);
    expect(found && `${found.method} ${found.url}`, path).toBe(status === 200 ? body[0] : undefined);
    return status === 200 ? body : status;
  };
}

describe('the routes', () => {
  it('are found by method and path, with what their parameters are', async () => {
    const find = table(
      'GET /v1/orders',
      'GET /v1/orders/{id}',
      'POST /v1/orders/{id}/cancel',
      'GET /.well-known/jwks.json',
    );
    expect(await find('get', '/v1/orders')).toEqual(['GET /v1/orders', {}]);
    expect(await find('get', '/v1/orders/7?a=/b')).toEqual(['GET /v1/orders/{id}', { id: '7' }]);
    expect(await find('post', '/v1/orders/7/cancel')).toEqual(['POST /v1/orders/{id}/cancel', { id: '7' }]);
    expect(await find('get', '/.well-known/jwks.json')).toEqual(['GET /.well-known/jwks.json', {}]);
    expect(await find('get', '/.well-known/jwksxjson')).toBe(404);
  });

  it('are first what is spelled out, in whatever order they are declared, and come back from where that leads nowhere', async () => {
    const find = table('GET /users/{id}', 'GET /users/me', 'GET /users/{id}/orders', 'PUT /users/{id}');
    expect(await find('get', '/users/me')).toEqual(['GET /users/me', {}]);
    expect(await find('get', '/users/you')).toEqual(['GET /users/{id}', { id: 'you' }]);
    expect(await find('get', '/users/me/orders')).toEqual(['GET /users/{id}/orders', { id: 'me' }]);
  });

  it('are not there for a path that is only similar', async () => {
    const find = table('GET /books/{id}');
    for (const path of [
      '/books',
      '/books/',
      '/books/7//',
      '/Books/7',
      '//books/7',
      '/',
      '/constructor',
      '/__proto__',
      '/books/__proto__/x',
    ]) {
      expect(await find('get', path), path).toBe(404);
    }
    expect(await find('get', '/books/__proto__')).toMatchObject(['GET /books/{id}', {}]);
  });

  it('are the same with a slash at the end', async () => {
    const find = table('GET /', 'GET /books', 'GET /books/{id}');
    expect(await find('get', '/books/')).toEqual(['GET /books', {}]);
    expect(await find('get', '/books/7/')).toEqual(['GET /books/{id}', { id: '7' }]);
    expect(await find('get', '/')).toEqual(['GET /', {}]);
  });

  it('have all that is below a path, except what is spelled out there', async () => {
    const find = table('GET /shelf/*', 'GET /shelf/{id}/books', 'GET /shelf/key', 'GET /shelf.json');
    const below = ['/shelf', '/shelf/', '/shelf/7', '/shelf/7/8?a=/b', '/shelf//7', '/shelf/key/7', '/shelf/%E2%82%AC'];
    for (const path of below) expect(await find('get', path), path).toMatchObject(['GET /shelf/*', {}]);
    expect(await find('get', '/shelf/key')).toMatchObject(['GET /shelf/key', {}]);
    expect(await find('get', '/shelf/7/books')).toMatchObject(['GET /shelf/{id}/books', { id: '7' }]);
    expect(await find('get', '/shelf.json')).toMatchObject(['GET /shelf.json', {}]);
    for (const path of ['/shelfs', '/Shelf/7', '/']) expect(await find('get', path), path).toBe(404);
  });

  it('cannot be declared twice, nor be one path under two names', () => {
    expect(() => table('GET /books/{id}', 'GET /books/{id}')).toThrow('GET /books/{id} is declared twice');
    expect(() => table('GET /books/{id}', 'PUT /books/{isbn}')).toThrow('/books/{isbn} and /books/{id} are one path');
  });
});
