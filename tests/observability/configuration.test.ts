/** The profile `observability` of docker-compose.yml and its files fit together, and their own programs take them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { promtool, withoutPrometheus } from '../support/promtool.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'deploy/observability');
const read = (file: string): unknown => parse(readFileSync(join(root, file), 'utf8'));

const { services } = z
  .object({
    services: z.record(
      z.string(),
      z.object({
        profiles: z.array(z.string()).optional(),
        image: z.string().optional(),
        command: z.array(z.string()).optional(),
        ports: z.array(z.string()).optional(),
        volumes: z.array(z.string()).optional(),
      }),
    ),
  })
  .parse(read('docker-compose.yml'));
const profile = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('observability'));

/** Files within containers, where the profile puts them. */
function inContainer(service: string, path: string): string | undefined {
  for (const volume of services[service]?.volumes ?? []) {
    const [from, to] = volume.split(':') as [string, string];
    if (from.startsWith('./') && (path === to || path.startsWith(`${to}/`)))
      return join(root, from, path.slice(to.length));
  }
  return undefined;
}

describe('the profile observability', () => {
  it('is Prometheus, Grafana, Jaeger and a collector, in one release each', () => {
    expect(profile.map(([name]) => name).toSorted()).toEqual(['collector', 'grafana', 'jaeger', 'prometheus']);
    for (const [, { image }] of profile) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  it('is reached from this machine only', () => {
    for (const port of profile.flatMap(([, { ports = [] }]) => ports)) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('starts each program with a configuration that is there', () => {
    for (const [name, { command = [], volumes = [] }] of profile) {
      for (const volume of volumes.filter((each) => each.startsWith('./')))
        expect(existsSync(join(root, volume.split(':')[0]!)), volume).toBe(true);
      for (const [, path] of command.flatMap((each) => [...each.matchAll(/^--config(?:\.file)?=(.+)$/g)]))
        expect(existsSync(inContainer(name, path!) ?? ''), path).toBe(true);
    }
  });

  it('shows all dashboards in Grafana, which knows its datasources by the names that they are asked by', () => {
    const { providers } = z
      .object({ providers: z.tuple([z.object({ options: z.object({ path: z.string() }) })]) })
      .parse(read('deploy/observability/grafana/dashboards/fissile.yml'));
    expect(inContainer('grafana', providers[0].options.path)).toBe(join(folder, 'dashboards'));
    const { datasources } = z
      .object({
        datasources: z.array(
          z.object({
            uid: z.string(),
            type: z.string(),
            url: z.url(),
            jsonData: z
              .object({
                exemplarTraceIdDestinations: z.array(z.object({ name: z.string(), datasourceUid: z.string() })),
              })
              .optional(),
          }),
        ),
      })
      .parse(read('deploy/observability/grafana/datasources/fissile.yml'));
    for (const { url } of datasources) expect(Object.keys(services)).toContain(new URL(url).hostname);
    const exemplars = datasources.flatMap(({ jsonData }) => jsonData?.exemplarTraceIdDestinations ?? []);
    expect(exemplars).toEqual([{ name: 'trace_id', datasourceUid: 'jaeger' }]);
    expect(datasources.map(({ uid, type }) => [uid, type])).toEqual([
      ['prometheus', 'prometheus'],
      ['jaeger', 'jaeger'],
    ]);
  });

  it('hands traces from the program to the collector, and on to Jaeger, where each listens', () => {
    const endpoint = /OTEL_EXPORTER_OTLP_ENDPOINT=(\S+) docker compose/.exec(
      readFileSync(join(root, 'docker-compose.yml'), 'utf8'),
    )![1]!;
    const collector = JSON.stringify(read('deploy/observability/collector.yml'));
    const jaeger = JSON.stringify(read('deploy/observability/jaeger.yml'));
    expect(new URL(endpoint).hostname).toBe('collector');
    expect(collector).toContain(`"http":{"endpoint":"0.0.0.0:${new URL(endpoint).port}"}`);
    const next = /"endpoint":"jaeger:(\d+)"/.exec(collector)![1]!;
    expect(jaeger).toContain(`"grpc":{"endpoint":"0.0.0.0:${next}"}`);
  });
});

describe.skipIf(withoutPrometheus)(`Prometheus${withoutPrometheus ? ` (${withoutPrometheus})` : ''}`, () => {
  it('takes prometheus.yml, with the rules that it names', () => {
    expect(promtool('check', 'config', join(folder, 'prometheus.yml'))).toMatchObject({ status: 0 });
  });

  /** The certificates that it names are made when a topology is started. */
  it('takes prometheus-split.yml', () => {
    expect(promtool('check', 'config', '--syntax-only', join(folder, 'prometheus-split.yml'))).toMatchObject({
      status: 0,
    });
  });
});

it('prometheus-split.yml asks each process of topologies/split.yaml, and none besides', () => {
  const { processes } = z
    .object({ processes: z.record(z.string(), z.object({ replicas: z.int().default(1), port: z.int() })) })
    .parse(read('topologies/split.yaml'));
  const { scrape_configs: jobs } = z
    .object({
      scrape_configs: z.array(
        z.object({
          static_configs: z.array(
            z.object({ targets: z.array(z.string()), labels: z.object({ process: z.string() }) }),
          ),
        }),
      ),
    })
    .parse(read('deploy/observability/prometheus-split.yml'));
  const asked = jobs.flatMap(({ static_configs: groups }) =>
    groups.map(({ targets, labels }) => [labels.process, targets]),
  );
  const there = Object.entries(processes).flatMap(([name, { replicas, port }]) =>
    Array.from({ length: replicas }, (_, replica) => [
      replicas === 1 ? name : `${name}-${replica + 1}`,
      [`127.0.0.1:${port + replica}`],
    ]),
  );
  expect(asked).toEqual(there);
});

/** It is a distribution of the collector itself; no other can be built from what is served here. */
const withoutJaeger = spawnSync('jaeger', ['version']).status === 0 ? undefined : 'needs jaeger 2 on the path';
describe.skipIf(withoutJaeger)(`what is of the collector's form${withoutJaeger ? ` (${withoutJaeger})` : ''}`, () => {
  it.each(['collector.yml', 'jaeger.yml'])('%s is right to Jaeger, which is a collector', (name) => {
    const { status, stderr } = spawnSync('jaeger', ['validate', `--config=${join(folder, name)}`], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
  });
});

it('every dashboard has panels that say what good looks like', () => {
  const names = readdirSync(join(folder, 'dashboards'));
  expect(names).toHaveLength(6);
  for (const name of names) {
    const { panels } = z
      .object({
        panels: z.array(z.object({ type: z.string(), title: z.string(), description: z.string().optional() })),
      })
      .parse(read(`deploy/observability/dashboards/${name}`));
    for (const { type, title, description } of panels.filter((panel) => panel.type !== 'row'))
      expect(description, `${name}: ${title} (${type})`).toMatch(/^[A-Z0-9].*\.$/);
  }
});
