import { expect, it } from 'vitest';
import { MemoryTransport } from './memory-transport.ts';
import { transportConformance } from '../testing/transport-conformance.ts';

transportConformance('memory', async () => ({
  connect: async (elsewhere) => ({ transport: new MemoryTransport(elsewhere), die() {}, away() {}, back() {} }),
  stop: async () => {},
}));

it('what is told to all processes is heard by all who listen here', () => {
  const transport = new MemoryTransport();
  const heard: string[] = [];
  for (const who of ['one', 'two']) transport.onBroadcast('news', (message) => heard.push(`${who}: ${message}`));
  transport.onBroadcast('weather', (message) => heard.push(message));
  transport.broadcast('news', 'hello');
  expect(heard).toEqual(['one: hello', 'two: hello']);
});
