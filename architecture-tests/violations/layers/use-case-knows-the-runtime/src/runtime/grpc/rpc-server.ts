/** Serves calls of other processes. */
export class RpcServer {}
