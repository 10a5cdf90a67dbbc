import { describe, expect, it } from 'vitest';
import { MergedLog } from './merged-log.ts';

function mergedLog(format: 'json' | 'terminal', color = false) {
  let [out, toPerson] = ['', ''];
  const log = new MergedLog(['shop-1', 'library'], {
    format,
    color,
    out: { write: (text) => void (out += text) },
    toPerson: { write: (text) => void (toPerson += text) },
  });
  return { log, out: () => out, toPerson: () => toPerson };
}

const entry =
  '{"time":"2026-01-02T03:04:05.000Z","level":"warn","module":"shop","message":"It is slow.","requestId":"r1","trace_id":"t1","span_id":"s1","milliseconds":12}';

describe('the merged log', () => {
  it('stays JSON for machines, with the process in front', () => {
    const { log, out } = mergedLog('json');
    log.line('shop-1', entry);
    expect(JSON.parse(out())).toEqual({ process: 'shop-1', ...JSON.parse(entry) });
    expect(out()).toMatch(/^\{"process":"shop-1",.*\}\n$/);
  });

  it('is readable for people, each line behind the name of its process', () => {
    const { log, out } = mergedLog('terminal');
    log.line('shop-1', entry);
    expect(out()).toMatch(/^shop-1 {2}\d\d:04:05 warn {2}shop It is slow\. milliseconds=12\n$/);
  });

  it('shows the stack of an error below it', () => {
    const { log, out } = mergedLog('terminal');
    const error = { name: 'Error', message: 'broken', stack: 'Error: broken\n    at shop.ts:1:2' };
    log.line('library', JSON.stringify({ time: '2026-01-02T03:04:05.000Z', level: 'error', message: 'No.', error }));
    expect(out()).toMatch(/^library \S+ error No\.\nlibrary {5}Error: broken\nlibrary {5}at shop\.ts:1:2\n$/);
  });

  it('gives each process a colour of its own', () => {
    const { log, out } = mergedLog('terminal', true);
    log.line('shop-1', entry);
    log.line('library', entry);
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    const [one, other] = [...out().matchAll(/^\u001b\[(\d+)m\S/gm)].map(([, color]) => color);
    expect(one).not.toBe(other);
  });

  it.each(['not JSON', '{"other":"json"}', '{"time":"broken'])('passes on what is no line of a logger: %s', (text) => {
    const { log, out, toPerson } = mergedLog('json');
    log.line('shop-1', text);
    expect(out()).toBe('');
    expect(toPerson()).toBe(`shop-1  ${text}\n`);
  });
});
