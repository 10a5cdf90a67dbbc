import { administrator } from '../support/running-program.ts';

const json = { 'content-type': 'application/json' };

/** Buys something, which works only when code, assets, database and modules are all there; returns the order's fate. */
export async function buysCoffee({ url }: { readonly url: string }): Promise<string> {
  const login = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(administrator),
  });
  const { accessToken } = (await login.json()) as { accessToken: string };
  const order = await fetch(`${url}/v1/orders`, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${accessToken}`, prefer: 'wait=10' },
    body: JSON.stringify({ items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_visa' }),
  });
  return ((await order.json()) as { status: string }).status;
}
