import type { SpanStart } from '../observability/spans.ts';

/** The span of a call over gRPC, on either side; `path` is `/fissile.library.v1.Library/LendBook`. */
export function rpcSpan(path: string, kind: 'client' | 'server'): SpanStart {
  const name = path.slice(1);
  return { name, kind, attributes: { 'rpc.system.name': 'grpc', 'rpc.method': name } };
}
