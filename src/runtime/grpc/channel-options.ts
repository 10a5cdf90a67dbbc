// ADR 0041
/** How a client of a module connects, spreads its calls, and tries again. */
import type { ChannelOptions } from '@grpc/grpc-js';
import { moduleOf, type Api, type Operation } from '#platform/contract.ts';
import type { ServiceCodec } from './service-codec.ts';

/** Both ways. A page of the longest list is far below it. */
export const maxMessageBytes = 4 * 1024 * 1024;

/** Tells whether a call may be made twice: a query changes nothing, and a command with a key says that it is the same one. */
const isSafeToRepeat = ({ kind, input }: Operation): boolean => kind === 'query' || 'idempotencyKey' in input.shape;

const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: '0.05s',
  maxBackoff: '0.5s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};

/**
 * The budget: a failure takes a token and a success gives a tenth of one; below half of them nothing is repeated. That
 * is enough for all that was under way at a replica that died, and where a whole module is down, load does not double.
 */
const retryThrottling = { maxTokens: 200, tokenRatio: 0.1 };

function serviceConfig(api: Api, { service, operations }: ServiceCodec): string {
  const repeatable = Object.entries(api).filter(([, operation]) => isSafeToRepeat(operation));
  const name = repeatable.map(([key]) => ({ service, method: operations.get(key)!.path.split('/')[2] }));
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length === 0 ? [] : [{ name, retryPolicy }],
    retryThrottling,
  });
}

export const channelOptions = (api: Api, codec: ServiceCodec): ChannelOptions => ({
  'grpc.service_config': serviceConfig(api, codec),
  // Nobody but us says how to balance and when to try again.
  'grpc.service_config_disable_resolution': 1,
  // Replicas are known by the name of their module, and not by where they are.
  'grpc.ssl_target_name_override': moduleOf(api),
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  // A replica that hangs keeps its connections open: it is given up three seconds after its last sign of life.
  'grpc.keepalive_time_ms': 1_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  'grpc.enable_channelz': 0,
});
