import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backgroundContext, CallContext, newTrace, runInContext } from '#platform/context.ts';
import { Deadline } from '#platform/deadline.ts';
import { createLogger, type LoggerOptions, logOutput } from './create-logger.ts';

function setUp(options: Partial<LoggerOptions> = {}) {
  let text = '';
  const root = createLogger({
    level: 'debug',
    format: 'json',
    sink: { write: (lines) => (text += lines) },
    ...options,
  });
  const written = () => {
    root.close();
    return text;
  };
  return { root, written, line: () => JSON.parse(written()) as Record<string, unknown> };
}

describe('a line of the log', () => {
  it('says when, how bad, where, what, and for whom', () => {
    const { root, line } = setUp();
    const principal = { userId: 'ada', sessionId: 's', roles: [] };
    const trace = newTrace();
    const context = new CallContext({ deadline: new Deadline(Infinity), requestId: 'seven', trace, principal });
    runInContext(context, () => root.child('library').warn('Stock is low.', { sku: 'mug-blue', left: 2 }));
    expect(line()).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'warn',
      module: 'library',
      message: 'Stock is low.',
      requestId: 'seven',
      trace_id: trace.traceId,
      span_id: trace.spanId,
      principal: 'ada',
      sku: 'mug-blue',
      left: 2,
    });
  });

  it('cannot have its own parts replaced by fields', () => {
    const { root, line } = setUp();
    runInContext(backgroundContext('seven', 1000), () =>
      root.info('True', { level: 'error', message: 'forged', time: 0, requestId: 'eight' }),
    );
    expect(line()).toMatchObject({ level: 'info', message: 'True', time: expect.any(String), requestId: 'seven' });
  });

  it('has errors with stack, code and causes, and without what drivers hang on them', () => {
    const { root, line } = setUp();
    const cause = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (name)=(Ada) exists',
      parameters: ['Ada'],
    });
    root.error('It failed.', { error: new Error('Saving failed', { cause }) });
    const { error } = line() as { error: { message: string; stack: string; cause: object } };
    expect(error).toMatchObject({
      name: 'Error',
      message: 'Saving failed',
      stack: expect.stringContaining('logger.test.ts'),
    });
    expect(error.cause).toMatchObject({ message: 'duplicate key', code: '23505' });
    expect(inspect(error)).not.toContain('Ada');
  });

  it('S40 never holds what a secret field holds, however deep', () => {
    const { root, written } = setUp();
    const secrets = {
      password: 'x1',
      newPassword: 'x2',
      accessToken: 'x3',
      refresh_token: 'x4',
      Authorization: 'x5',
      cookie: 'x6',
      clientSecret: 'x7',
      apiKey: 'x8',
      'api-key': 'x9',
      privateKey: 'x10',
      email: 'x11',
      'e-mail': 'x12',
      phone: 'x13',
      paymentToken: 'x14',
      credentials: { a: 'x15' },
    };
    root.info('All of it', {
      ...secrets,
      list: [{ deep: { ...secrets, tokens: ['x16'] } }],
      headers: { 'set-cookie': ['x17'] },
    });
    expect(written()).not.toMatch(/x\d/);
    expect(written()).toContain('"password":"[redacted]"');
  });

  it('S40 holds no token, credential or address of a person within a text', () => {
    const { root, written } = setUp();
    const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
    const texts = [
      `token ${jwt} refused`,
      `Authorization: Bearer ${jwt}`,
      'bearer abc123def',
      'postgres://fissile:hunter2@db:5432/x',
      'from ada.lovelace@example.com',
      '/of/ada.lovelace%40example.com',
    ];
    for (const text of texts) root.warn(text, { text, error: new Error(text), list: [text] });
    expect(written()).not.toMatch(/eyJ|abc123def|hunter2|lovelace/);
    expect(written()).toContain('postgres://[redacted]@db:5432/x');
  });

  it('is written in no time and cut to size, whatever a text was made to look like', () => {
    const { root, written } = setUp();
    const began = performance.now();
    for (const part of ['a', 'eyJ-', 'a@', 'bearer ', '-'])
      for (let line = 0; line < 20; line++) root.warn(`${part.repeat(100_000)}@`);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(written().length).toBeLessThan(100 * 11_000);
  });

  it('S40 stays one line, whatever a value holds', () => {
    const { root, written } = setUp();
    root.info('first\r\n{"level":"error"}', { value: 'a\nb\u2028c\u0000\u001b[2J' });
    expect(written().split('\n')).toHaveLength(2);
    expect(written()).not.toContain('\u001b');
  });

  it('survives anything: cycles, depth, size, bytes, functions, big integers', () => {
    const { root, line } = setUp();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    root.info('Anything', {
      cycle,
      list: Array.from({ length: 1_000 }, () => 1),
      bytes: Buffer.alloc(9),
      run() {},
      big: 7n,
      nothing: null,
      at: new Date(0),
    });
    const entry = line();
    expect(entry).toMatchObject({ bytes: '[9 bytes]', big: '7', nothing: null, at: '1970-01-01T00:00:00.000Z' });
    expect((entry.list as unknown[]).length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(entry.cycle)).toContain('[too deep]');
  });
});

describe('the level of the log', () => {
  it.each([
    ['silent', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const)('%s lets through %j', (level, expected) => {
    const { root, written } = setUp({ level });
    for (const each of ['error', 'warn', 'info', 'debug'] as const) root[each]('x');
    const levels = written()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).level);
    expect(levels).toEqual(expected);
  });
});

describe('the log on a terminal', () => {
  it('is for a person: short, with errors below, and coloured when wanted', () => {
    const { root, written } = setUp({ format: 'terminal' });
    root.child('library').info('Started.', { port: 3000, tags: ['a'] });
    root.error('It failed.', { error: new Error('no\u001b[2J\nway', { cause: new TypeError('inner') }) });
    const [first, second, third, ...frames] = written().split('\n');
    expect(first).toMatch(/^\d\d:\d\d:\d\d info {2}library Started\. port=3000 tags=\["a"\]$/);
    expect(second).toMatch(/^\d\d:\d\d:\d\d error It failed\.$/);
    expect(third).toBe('    Error: no\\u001b[2J\\nway');
    expect(frames[0]).toMatch(/^ {4}at .*logger\.test\.ts/);
    expect(frames).toContain('    caused by');
    expect(frames).toContain('    TypeError: inner');
  });

  it('has colours on request only', () => {
    const { root, written } = setUp({ format: 'terminal', color: true });
    root.warn('x');
    expect(written()).toContain('\u001b[33m');
  });

  it.each([
    [{}, true, { format: 'terminal', color: true }],
    [{}, false, { format: 'json', color: false }],
    [{ NODE_ENV: 'production' }, true, { format: 'json', color: false }],
    [{ NO_COLOR: '1' }, true, { format: 'terminal', color: false }],
    [{ NO_COLOR: '' }, true, { format: 'terminal', color: true }],
  ])('with %j, terminal %s, is %j', (environment, terminal, expected) => {
    expect(logOutput(environment, terminal)).toEqual(expected);
  });
});

describe('writing the log', () => {
  it('puts the lines of a moment into one write', async () => {
    const writes: string[] = [];
    const { root } = setUp({ sink: { write: (text) => writes.push(text) } });
    root.info('one');
    root.info('two');
    expect(writes).toEqual([]);
    await expect.poll(() => writes).toHaveLength(1);
    expect(writes[0]!.split('\n')).toHaveLength(3);
  });

  it.each(['warn', 'error'] as const)('holds nothing back once there is a line of level %s', (level) => {
    const writes: string[] = [];
    const { root } = setUp({ sink: { write: (text) => writes.push(text) } });
    root.info('one');
    root[level]('two');
    expect(writes.join('').split('\n')).toHaveLength(3);
  });
});

describe('the level of the log', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('of one module is changed for a while, for loggers that were there before', () => {
    const { root, messages } = leveled();
    const [library, readers] = [root.child('library'), root.child('readers')];
    const all = () => [root, library, readers].forEach((logger) => logger.debug('seen'));
    all();
    expect(messages()).toEqual([]);
    root.levels.change('debug', 60_000, 'library');
    all();
    expect(messages()).toEqual(['library seen']);
    vi.advanceTimersByTime(60_000);
    all();
    expect(messages()).toEqual(['library seen']);
  });

  it('of all is changed for a while, but not where a module has its own', () => {
    const { root, messages } = leveled();
    const [library, readers] = [root.child('library'), root.child('readers')];
    root.levels.change('silent', 30_000, 'library');
    root.levels.change('debug', 60_000);
    for (const logger of [root, library, readers, root.child('fines')]) logger.debug('early');
    expect(messages()).toEqual(['undefined early', 'readers early', 'fines early']);
    vi.advanceTimersByTime(30_000);
    library.debug('late');
    expect(messages().at(-1)).toBe('library late');
    vi.advanceTimersByTime(30_000);
    library.debug('never');
    expect(messages().at(-1)).toBe('library late');
  });

  it('is that of the last change, for its whole time', () => {
    const { root, messages } = leveled();
    root.levels.change('debug', 10_000);
    root.levels.change('debug', 60_000);
    vi.advanceTimersByTime(50_000);
    root.debug('still');
    expect(messages()).toEqual(['undefined still']);
  });
});

function leveled() {
  let written = '';
  const root = createLogger({ level: 'warn', format: 'json', sink: { write: (text) => (written += text) } });
  const messages = () => {
    vi.advanceTimersByTime(20);
    return written
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { module?: string; message: string })
      .map(({ module, message }) => `${module} ${message}`);
  };
  return { root, messages };
}
