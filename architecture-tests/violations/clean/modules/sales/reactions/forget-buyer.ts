import type { personLeft } from '../../people/contract.ts';
import type { Sales } from '../domain/sales.ts';

type Payload = (typeof personLeft)['payload']['_output'];

export const forgetBuyer = (sales: Sales) => async ({ personId }: Payload) => sales.forget(personId);
