import { MemoryTransport } from './memory-transport.ts';
import { transportConformance } from './testing/transport-conformance.ts';

transportConformance('memory', async () => ({ connect: () => new MemoryTransport(), stop: async () => {} }));
