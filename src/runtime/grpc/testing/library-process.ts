/** A replica of the library in a process of its own, so that it can be killed or stopped. Takes its port, says when it listens. */
import { serveLibrary } from './library.ts';

const [, , port = '0'] = process.argv;
const { server } = await serveLibrary(
  { find: async () => ({ title: String(process.pid), shelf: null }) },
  { port: Number(port) },
);
process.stdout.write(`${server.port}\n`);
