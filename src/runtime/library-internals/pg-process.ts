import type { Client } from 'pg';

/** The number of the server's process for a connection, as the server said when it was made; undefined before. */
export const processOf = (client: Client): number | undefined => (client as { processID?: number }).processID;
