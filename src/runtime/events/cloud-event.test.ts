import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { cloudEventOf, isCloudEvent, readCloudEvent } from './cloud-event.ts';
import type { Envelope } from './envelope.ts';

const envelope: Envelope = {
  id: uuid(),
  name: 'library.book-lent',
  version: 2,
  key: 'ß-1',
  payload: { book: 'ß-1', title: 'a backslash before u: \\u0000' },
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'r' },
  occurredAt: '2026-11-30T10:00:00.123Z',
  position: 7,
};
const { headers, body } = cloudEventOf(envelope, 'ce_');
const read = (changed: Record<string, unknown>, bytes = body) =>
  readCloudEvent({ ...headers, ...changed }, bytes, 'ce_', envelope.name);

describe('an event as a CloudEvent', () => {
  it('has its attributes as headers, and nothing but its payload as body', () => {
    expect(headers).toEqual({
      ce_specversion: '1.0',
      ce_id: envelope.id,
      ce_source: '/fissile/library',
      ce_type: 'library.book-lent.v2',
      ce_time: '2026-11-30T10:00:00.123Z',
      ce_partitionkey: 'ß-1',
      ce_sequence: '0000000000000007',
      ce_correlationid: 'r',
      ce_traceparent: envelope.headers.traceparent,
    });
    expect(JSON.parse(body.toString())).toEqual(envelope.payload);
    expect(isCloudEvent(headers, 'ce_')).toBe(true);
    expect(isCloudEvent({}, 'ce_')).toBe(false);
  });

  it('has sequences that sort as texts up to the largest position', () => {
    const positions = [1, 9, 10, 2 ** 31, Number.MAX_SAFE_INTEGER];
    const sequences = positions.map((position) => cloudEventOf({ ...envelope, position }, '').headers['sequence']);
    expect(sequences.toSorted()).toEqual(sequences);
    expect(new Set(sequences.map((sequence) => sequence?.length)).size).toBe(1);
  });

  it('is read as the event that was sent', () => {
    expect(read({})).toEqual({ envelope });
  });

  it('takes along what other systems added to its trace', () => {
    const headers = { ...envelope.headers, tracestate: 'vendor=1', baggage: 'tenant=7' };
    const message = cloudEventOf({ ...envelope, headers }, 'ce_');
    expect(message.headers).toMatchObject({ ce_tracestate: 'vendor=1', ce_baggage: 'tenant=7' });
    expect(readCloudEvent(message.headers, message.body, 'ce_', envelope.name).envelope?.headers).toEqual(headers);
  });

  it('belongs to no trace if it has none', () => {
    const untraced = { ...envelope, headers: { traceparent: '', requestId: 'r' } };
    const message = cloudEventOf(untraced, 'ce_');
    expect(message.headers).not.toHaveProperty('ce_traceparent');
    expect(readCloudEvent(message.headers, message.body, 'ce_', envelope.name)).toEqual({ envelope: untraced });
  });

  it('may have attributes that are not known here yet', () => {
    expect(read({ ce_next: 'the next version', other: 7 })).toEqual({ envelope });
  });

  it.each([
    ['is of another version of CloudEvents', { ce_specversion: '2.0' }, 'It is not a CloudEvent of version 1.0'],
    ['has a type without a version', { ce_type: 'library.book-lent' }, 'such as library.book-lent.v1 has'],
    ['is another event', { ce_type: 'library.closed.v1' }, 'It is not library.book-lent, but library.closed.'],
    ['has an id that no inbox can hold', { ce_id: '7' }, 'It is not an event: id: Invalid UUID'],
    ['has no time', { ce_time: 'yesterday' }, 'It is not an event: occurredAt'],
    ['has no key', { ce_partitionkey: undefined }, 'It is not an event: key'],
    ['has a key that PostgreSQL refuses', { ce_partitionkey: '\0' }, 'It is not an event: key: U+0000'],
    ['has a request id that PostgreSQL refuses', { ce_correlationid: '\0' }, 'It is not an event: headers.requestId'],
    ['has a place in no sequence of ours', { ce_sequence: 'first' }, 'It is not an event: position'],
    ['lies beyond every sequence', { ce_sequence: '9'.repeat(300) }, 'It is not an event: position'],
  ])('is unreadable if it %s', (_, changed, reason) => {
    expect(read(changed).unreadable).toContain(reason);
  });

  it('is unreadable if its body is no JSON, or JSON that PostgreSQL refuses', () => {
    expect(read({}, Buffer.from('<book/>')).unreadable).toContain('not valid JSON');
    expect(read({}, Buffer.from('{"title": "\\ud800"}')).unreadable).toContain('It is not JSON that can be stored');
  });
});
