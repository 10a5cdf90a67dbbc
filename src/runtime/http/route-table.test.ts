import { describe, expect, it } from 'vitest';
import { RouteTable } from './route-table.ts';

function table(...routes: string[]) {
  const all = new RouteTable<string>();
  for (const route of routes) {
    const [method, url] = route.split(' ') as [string, string];
    all.add(method, url, route);
  }
  return (method: string, path: string) => {
    const found = all.find(path);
    return found && [found.byMethod.get(method), found.parameters];
  };
}

describe('the table of routes', () => {
  it('finds a route and what its parameters are', () => {
    const find = table('GET /v1/orders', 'GET /v1/orders/{id}', 'POST /v1/orders/{id}/cancel');
    expect(find('GET', '/v1/orders')).toEqual(['GET /v1/orders', {}]);
    expect(find('GET', '/v1/orders/7')).toEqual(['GET /v1/orders/{id}', { id: '7' }]);
    expect(find('POST', '/v1/orders/7/cancel')).toEqual(['POST /v1/orders/{id}/cancel', { id: '7' }]);
  });

  it('prefers what is spelled out, and comes back from where that leads nowhere', () => {
    const find = table('GET /users/me', 'GET /users/{id}', 'GET /users/{id}/orders');
    expect(find('GET', '/users/me')).toEqual(['GET /users/me', {}]);
    expect(find('GET', '/users/you')).toEqual(['GET /users/{id}', { id: 'you' }]);
    expect(find('GET', '/users/me/orders')).toEqual(['GET /users/{id}/orders', { id: 'me' }]);
  });

  it('tells a wrong method from a wrong path', () => {
    const find = table('GET /books/{id}');
    expect(find('PUT', '/books/7')).toEqual([undefined, { id: '7' }]);
    for (const path of ['/books', '/books/', '/books/7//', '/Books/7', '//books/7', '/', '', '*']) expect(find('GET', path), path).toBeUndefined();
  });

  it('takes a path with a slash at the end for the one without', () => {
    const find = table('GET /', 'GET /books', 'GET /books/{id}');
    expect(find('GET', '/books/')).toEqual(['GET /books', {}]);
    expect(find('GET', '/books/7/')).toEqual(['GET /books/{id}', { id: '7' }]);
    expect(find('GET', '/')).toEqual(['GET /', {}]);
  });

  it('does not take names of properties for paths', () => {
    const find = table('GET /books/{id}');
    for (const path of ['/constructor', '/__proto__', '/books/__proto__/x']) expect(find('GET', path), path).toBeUndefined();
    expect(find('GET', '/books/__proto__')).toEqual(['GET /books/{id}', { id: '__proto__' }]);
  });

  it('refuses two names for one parameter, and a route that is there already', () => {
    expect(() => table('GET /books/{id}', 'GET /books/{isbn}/pages')).toThrow('calls {id} of another route {isbn}');
    expect(() => table('GET /books/{id}', 'GET /books/{id}')).toThrow('is declared twice');
  });
});
