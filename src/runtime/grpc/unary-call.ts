/**
 * One call over a channel: a message there, a message or a status back. What grpc-js's client does beyond that
 * (interceptors, a stream of events, the stack of the caller) costs a sixth of a call and would not be used.
 */
import { status as Code, type Client, type Metadata, type StatusObject } from '@grpc/grpc-js';
import type { Deadline } from '#platform/deadline.ts';

export type Channel = ReturnType<Client['getChannel']>;

export interface CallLimits {
  readonly deadline: Deadline;
  readonly cancellation: AbortSignal | undefined;
}

const nothing = () => {};
const noContext = {};

export function unaryCall(
  channel: Channel,
  path: string,
  bytes: Buffer,
  metadata: Metadata,
  { deadline, cancellation }: CallLimits,
): Promise<Buffer | StatusObject> {
  return new Promise((resolve) => {
    const call = channel.createCall(path, Date.now() + deadline.remaining, null, null, null);
    const cancel = () => call.cancelWithStatus(Code.CANCELLED, 'The caller went away');
    let answer: Buffer | undefined;
    call.start(metadata, {
      onReceiveMetadata: nothing,
      onReceiveMessage(message: Buffer) {
        answer = message;
      },
      onReceiveStatus(status) {
        cancellation?.removeEventListener('abort', cancel);
        if (status.code !== Code.OK) resolve(status);
        else resolve(answer ?? { ...status, code: Code.INTERNAL, details: 'There was no message in the answer' });
      },
    });
    call.startRead();
    call.sendMessageWithContext(noContext, bytes);
    call.halfClose();
    if (cancellation?.aborted) cancel();
    else cancellation?.addEventListener('abort', cancel, { once: true });
  });
}
