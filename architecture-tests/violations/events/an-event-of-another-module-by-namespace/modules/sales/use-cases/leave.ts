import * as people from '../../people/contract.ts';

export const leave = (outbox: { add(event: unknown, payload: unknown): void }) => outbox.add(people.personLeft, {});
