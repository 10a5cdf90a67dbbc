/** Steps of a shop that note what happened to them. */
import { z } from 'zod';
import { saga, type SagaImplementation, type Step } from '#platform/sagas.ts';
import type { Instance, InstanceOptions, Instances, StepTools } from './instances.ts';

export const checkout = saga(
  'shop.checkout',
  1,
  z.object({ n: z.int(), buyer: z.string().optional(), paymentId: z.string().optional() }),
  {
    fairBy: 'buyer',
  },
);
export type CheckoutData = z.output<typeof checkout.data>;
type CheckoutStep = Step<CheckoutData>;

/** The world outside the database, as it saw the steps; a step tells it unless `more` says what to do instead. */
export class World {
  readonly seen: string[] = [];

  remote(name: string, more: Partial<CheckoutStep> = {}): CheckoutStep {
    const step = {
      name,
      run: async () => void this.seen.push(name),
      undo: async () => void this.seen.push(`undo ${name}`),
    };
    return { ...step, ...more };
  }

  /** Is seen, and then does what `work` does. */
  remoteThat(name: string, work: () => Promise<{ paymentId: string } | void>): CheckoutStep {
    return this.remote(name, { run: () => (this.seen.push(name), work()) });
  }
}

export const local = ({ note }: StepTools, name: string, more: Partial<CheckoutStep> = {}): CheckoutStep => ({
  name,
  local: true,
  run: () => note(name),
  undo: () => note(`undo ${name}`),
  ...more,
});

export function startCheckouts(
  instances: Instances,
  steps: (tools: StepTools) => CheckoutStep[],
  options: InstanceOptions & { deadline?: number; version?: number } = {},
): Promise<Instance> {
  const { deadline = 20_000, version = 1 } = options;
  return instances.start((tools) => {
    const implementation: SagaImplementation<CheckoutData> = { deadline, steps: steps(tools) };
    return [{ saga: { ...checkout, version }, implementation: implementation as never }];
  }, options);
}

export const ended = (instance: Instance, id = 'a'): Promise<void> => instance.sagas.whenEnded(checkout, id, 8_000);
