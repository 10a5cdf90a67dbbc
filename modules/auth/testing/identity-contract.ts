/** The promises of the ports for accounts, their sessions and their devices, whatever is behind them. */
import { accountsContract } from './accounts-contract.ts';
import { devicesContract } from './devices-contract.ts';
import type { MakeIdentity } from './identity-under-test.ts';
import { sessionsContract } from './sessions-contract.ts';

export function identityContract(make: MakeIdentity): void {
  accountsContract(make);
  sessionsContract(make);
  devicesContract(make);
}
