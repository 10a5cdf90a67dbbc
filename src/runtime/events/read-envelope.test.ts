import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { readEnvelope } from './read-envelope.ts';

const envelope = {
  id: uuid(),
  name: 'library.happened',
  version: 1,
  key: 'k',
  payload: { id: 'k', text: 'a backslash before u: \\u0000' },
  headers: { traceparent: '', requestId: 'r' },
  occurredAt: new Date().toISOString(),
  position: 7,
};
const read = (value: unknown) => readEnvelope(Buffer.from(JSON.stringify(value)), 'library.happened');

describe('what a transport brought', () => {
  it('is the event that was sent', () => {
    expect(read(envelope)).toEqual({ envelope });
  });

  it('may have fields that are not known here yet', () => {
    expect(read({ ...envelope, since: 'the next version' })).toEqual({ envelope });
  });

  it.each([
    ['is not an event', 7, 'It is not an event'],
    ['has an id that no inbox can hold', { ...envelope, id: '7' }, 'It is not an event: id: Invalid UUID'],
    ['has no time', { ...envelope, occurredAt: 'yesterday' }, 'It is not an event: occurredAt'],
    ['has a position that is no number of ours', { ...envelope, position: 1e300 }, 'It is not an event: position'],
    ['is another event', { ...envelope, name: 'library.other' }, 'It is not library.happened, but library.other.'],
    ['has a key that PostgreSQL refuses', { ...envelope, key: '\0' }, 'It is not JSON that can be stored'],
    [
      'has half a character deep in its payload',
      { ...envelope, payload: { list: ['\ud800'] } },
      'It is not JSON that can be stored',
    ],
  ])('is unreadable if it %s', (_, value, reason) => {
    expect(read(value).unreadable).toContain(reason);
  });

  it('is unreadable if it is not JSON at all', () => {
    expect(readEnvelope(Buffer.from('<event/>'), 'library.happened').unreadable).toContain('not valid JSON');
  });
});
