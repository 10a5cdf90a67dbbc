import type { Subscription, Transport } from '../transport.ts';

/** The carrier of events between the programs of one test. */
export interface Carrier {
  /** `elsewhere`: subscriptions of modules that exist and do not run in this program. */
  connect(elsewhere?: readonly Subscription[]): Promise<Connected>;
  stop(): Promise<void>;
}

/** For one program. */
export interface Connected {
  readonly transport: Transport;
  /** As the death of the program's process would. */
  die(): void;
  /** Takes the transport's peer away until it is `back`, as far as this program can see. */
  away(): void;
  back(): void;
}
