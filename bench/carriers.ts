/** Ways to carry events to their receiver through a broker, each with both ends in this process. */
import type { Envelope } from '../src/runtime/events/envelope.ts';
import type { Transport } from '../src/runtime/events/transport.ts';
import type { Side } from './compare.ts';
import { ownCpuTime } from './cpu-time.ts';
import { announced, newSale, subscription } from './sales.ts';

/** Sales that are on their way at once. */
export const atOnce = 2_000;

export interface Carrier {
  publish(sale: Envelope): Promise<void>;
  close(): Promise<void>;
}

export async function carrierOver(transport: Transport, receive: () => void): Promise<Carrier> {
  transport.subscribe(subscription, async () => receive());
  await transport.start();
  return { publish: (sale) => transport.publish(sale), close: () => transport.stop() };
}

/** `atOnce` sales on their way, each until it is both confirmed and received. */
export async function carrying(
  name: string,
  open: (receive: () => void) => Promise<Carrier>,
): Promise<Side & Pick<Carrier, 'close'>> {
  let received = 0;
  let arrived: () => void = () => {};
  const carrier = await open(() => {
    received++;
    arrived();
  });
  return {
    name,
    close: () => carrier.close(),
    async run(milliseconds) {
      const cpu = ownCpuTime();
      const [start, before] = [performance.now(), received];
      const end = start + milliseconds;
      let operations = 0;
      const worker = async () => {
        for (; performance.now() < end; operations++) await carrier.publish(announced(newSale()));
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      await new Promise<void>((resolve) => {
        arrived = () => received - before >= operations && resolve();
        arrived();
      });
      return { operations, cpu: ownCpuTime() - cpu };
    },
  };
}
