/** The client's errors: one per try, each with what caused it inside, thousands of lines in all. */
interface ClientError extends Error {
  readonly code?: string;
  readonly errors?: readonly unknown[];
  /** Kafka's name of an error that a broker answered with, such as NOT_ENOUGH_REPLICAS. */
  readonly apiId?: string;
  /** To a fetch: what the broker said of each partition. */
  readonly response?: {
    readonly responses?: readonly {
      readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
    }[];
  };
}

/** Kafka's OFFSET_OUT_OF_RANGE. */
const offsetOutOfRange = 1;

/** Every error within one, the innermost last. */
function* within(error: unknown): Generator<ClientError> {
  if (!(error instanceof Error)) return;
  const { errors = [], cause } = error as ClientError;
  yield error;
  for (const inner of [...errors, cause]) yield* within(inner);
}

/** Tells whether a broker answered with this somewhere in it. */
export const answered = (error: unknown, ...apiIds: readonly string[]): boolean =>
  [...within(error)].some(({ apiId }) => apiId !== undefined && apiIds.includes(apiId));

/** The partitions whose log does not have the offset that a fetch asked for. */
export const outOfRange = (error: unknown): ReadonlySet<number> =>
  new Set(
    [...within(error)]
      .flatMap(({ response }) => response?.responses ?? [])
      .flatMap(({ partitions }) => partitions)
      .filter(({ errorCode }) => errorCode === offsetOutOfRange)
      .map(({ partitionIndex }) => partitionIndex),
  );

/** Tells whether this user may not do what was asked: no later try helps. */
export const isRefused = (error: unknown): boolean =>
  [...within(error)].some(({ apiId }) => apiId?.endsWith('_AUTHORIZATION_FAILED'));

/** In one line: what happened last, which is the innermost error. */
export function reasonOf(error: unknown): string {
  const last = [...within(error)].at(-1);
  if (!last) return String(error);
  const { message, apiId } = last;
  const text = message.replaceAll(/\s+/g, ' ').trim();
  return apiId === undefined || text.includes(apiId) ? text : `${text} (${apiId})`;
}

/** Tells whether a broker did not let this user in. */
export const isUnauthenticated = (error: unknown): boolean =>
  [...within(error)].some(({ code }) => code === 'PLT_KFK_AUTHENTICATION');

/** Tells whether the two sides seem to speak differently: the client's words, or a broker that hangs up. */
export const isMisunderstood = (error: unknown): boolean =>
  [...within(error)].some(({ message }) => /requires TLS|TLS handshake failed|Connection closed/.test(message));
