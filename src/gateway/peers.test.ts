import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { type PeerCertificates, type PeerFiles, readPeerCertificates } from '#runtime/grpc/peer-certificates.ts';
import { endpoint } from '#platform/endpoint.ts';
import type { Logger } from '#platform/logger.ts';
import { issueCertificates } from '../host/certificates.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';
import { serve } from '../../tests/support/served-gateway.ts';

const answers = { status: 200, body: z.object({ title: z.string() }) };
const handle = async () => ({ status: 200, body: { title: 'Emma' } });
const endpoints = [
  endpoint(LibraryApi, 'GET /v1/books', { summary: 'For anyone to read', access: 'anyone', answers, handle }),
  endpoint(LibraryApi, 'POST /v1/books', { summary: 'For anyone to change', access: 'anyone', answers, handle }),
  endpoint(LibraryApi, 'GET /v1/loans', { summary: 'For those who are known', access: 'user', answers, handle }),
];

const sites = [
  { paths: ['/reading/*'] as const, handle: (_: unknown, response: ServerResponse) => response.end('read') },
];

/** Milliseconds that a certificate lasts which has to expire. */
const brief = 5_000;

let folder: string;
const files = new Map<string, PeerFiles>();

/** `library` and `gateway` of one authority, some that are wrong, and a stranger of another one. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fissile-peers-'));
  const holders = (...names: string[]) => new Map(names.map((name) => [name, [name]]));
  const issued = [
    ...(await issueCertificates(join(folder, 'ours'), holders('library', 'gateway', 'people'))),
    ...(await issueCertificates(join(folder, 'ours'), new Map([['expired', ['gateway']]]), brief)),
    ...[...(await issueCertificates(join(folder, 'theirs'), holders('gateway', 'library')))].map(
      ([name, of]) => [`their ${name}`, of] as const,
    ),
  ];
  for (const [name, of] of issued) files.set(name, of);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function certificatesOf(name: string): PeerCertificates {
  const certificates = readPeerCertificates(files.get(name)!, silent);
  onTestFinished(() => certificates.close());
  return certificates;
}

/** The port of a module that proves to be `name`. */
const module = (name = 'library') =>
  serve(endpoints, { sites, certificate: certificatesOf(name), behindGateway: true });

/** A gateway that proves to be `name`, in front of the module `library`. */
const gatewayOf = (name: string, url: string) =>
  serve([], { upstreams: [{ name: 'library', endpoints, sites, origins: [url], certificates: certificatesOf(name) }] });

const asCustomer = { Authorization: `Bearer ${tokenFor(somebody())}` };
const all = [
  ['GET', '/livez'],
  ['GET', '/readyz'],
  ['GET', '/metrics'],
  ['GET', '/v1/books'],
  ['HEAD', '/v1/books'],
  ['POST', '/v1/books'],
  ['GET', '/v1/loans'],
  ['GET', '/reading/room'],
  ['POST', '/reading/room'],
] as const;

/** Which of `all` are answered with success to a peer that shows the certificate of `name`, or none. */
async function answeredTo(name: string | undefined, url: string): Promise<string[]> {
  const { cert, key } = files.get(name ?? '') ?? {};
  const identity = cert !== undefined && key !== undefined ? { cert: readFileSync(cert), key: readFileSync(key) } : {};
  const ca = readFileSync(files.get('library')!.ca);
  const answered: string[] = [];
  for (const [method, path] of all) {
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        url + path,
        { method, ca, ...identity, servername: 'library', agent: false, headers: asCustomer },
        (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode));
        },
      );
      sent.on('error', reject).end();
    });
    if (status === 200) answered.push(`${method} ${path}`);
    else expect(status).toBe(403);
  }
  return answered;
}

/** The serial number of the certificate that a new connection to `url` meets. */
const serialOf = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()!.serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
const forAnyone = ['GET /livez', 'GET /readyz', 'GET /metrics', 'GET /v1/books', 'HEAD /v1/books'];

describe('the port of a module behind a gateway', () => {
  it('answers everything to the gateway', async () => {
    expect(await answeredTo('gateway', (await module()).url)).toHaveLength(all.length);
  });

  it('S39 answers peers without a certificate only what anyone may read', async () => {
    expect(await answeredTo(undefined, (await module()).url)).toEqual(forAnyone);
  });

  it('S39 answers only that to a peer of another name', async () => {
    expect(await answeredTo('people', (await module()).url)).toEqual(forAnyone);
  });

  it('S39 answers only that to a gateway of another authority', async () => {
    expect(await answeredTo('their gateway', (await module()).url)).toEqual(forAnyone);
  });

  it('S39 answers only that to a gateway whose certificate has expired', async () => {
    const { url } = await module();
    await delay(brief);
    expect(await answeredTo('expired', url)).toEqual(forAnyone);
  });

  it('S39 is connected to anew after half a minute, so that no certificate outlives its time by more', async () => {
    const { url } = await module();
    const { ca, cert, key } = files.get('gateway')!;
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: readFileSync(ca),
      cert: readFileSync(cert),
      key: readFileSync(key),
      servername: 'library',
    });
    onTestFinished(() => agent.destroy());
    const ask = async () => {
      const [answer] = (await once(request(`${url}/v1/loans`, { agent, headers: asCustomer }).end(), 'response')) as [
        IncomingMessage,
      ];
      const { localPort } = answer.socket;
      await answer.toArray();
      return { status: answer.statusCode, localPort };
    };
    const first = await ask();
    expect(await ask()).toEqual(first);
    const begun = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(begun + 31_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await ask(), 'the last on this connection').toEqual(first);
    const next = await ask();
    expect([next.status, next.localPort === first.localPort]).toEqual([200, false]);
    expect(await ask()).toEqual(next);
  });

  it('S39 says no more in its refusal than that', async () => {
    const refused = await gateway(endpoints, { behindGateway: true }).http.get('/v1/loans').set(asCustomer);
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      403,
      'platform.forbidden',
      'This port is for the gateway.',
    ]);
  });
});

describe('a gateway before modules with certificates', () => {
  const statusThrough = async ({ url }: { url: string }) => {
    const answer = await fetch(`${url}/v1/loans`, { headers: asCustomer });
    return answer.status;
  };

  it('reaches the module, and the module knows it', async () => {
    expect(await statusThrough(await gatewayOf('gateway', (await module()).url))).toBe(200);
  });

  it.each([
    ['of another authority', 'their library'],
    ['of another module', 'people'],
  ])('S39 sends nothing to a process %s', async (_, name) => {
    const impostor = await module(name);
    expect(await statusThrough(await gatewayOf('gateway', impostor.url))).toBe(503);
    expect(impostor.log().lines.filter(({ message }) => String(message).includes('/v1/loans'))).toEqual([]);
  });

  it('S39 sends nothing to a process whose certificate has expired', async () => {
    const issued = await issueCertificates(join(folder, 'ours'), new Map([['expiring', ['library']]]), brief);
    files.set('expiring', issued.get('expiring')!);
    const { url } = await module('expiring');
    await delay(brief);
    expect(await statusThrough(await gatewayOf('gateway', url))).toBe(503);
  });

  it('S39 sends nothing without TLS to a module that should prove who it is', async () => {
    const plain = await serve(endpoints);
    expect(await statusThrough(await gatewayOf('gateway', plain.url.replace('http:', 'https:')))).toBe(503);
  });

  it('goes on when both get new certificates', async () => {
    const both = await issueCertificates(
      join(folder, 'renewed'),
      new Map([
        ['library', ['library']],
        ['gateway', ['gateway']],
      ]),
    );
    for (const [name, of] of both) files.set(`renewed ${name}`, of);
    const served = await module('renewed library');
    const through = await gatewayOf('renewed gateway', served.url);
    expect(await statusThrough(through)).toBe(200);
    const serialBefore = await serialOf(served.url);
    await issueCertificates(
      join(folder, 'renewed'),
      new Map([
        ['library', ['library']],
        ['gateway', ['gateway']],
      ]),
    );
    await expect.poll(() => serialOf(served.url)).not.toBe(serialBefore);
    expect(await statusThrough(through)).toBe(200);
    expect(await statusThrough(await gatewayOf('renewed gateway', served.url))).toBe(200);
  });
});
