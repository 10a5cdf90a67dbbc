/** The suite that the ports for accounts, their sessions and their devices must pass. */
import { accountsSuite } from './accounts.suite.ts';
import { devicesSuite } from './devices.suite.ts';
import type { MakeIdentity } from './identity-under-test.ts';
import { sessionsSuite } from './sessions.suite.ts';

export function identitySuite(make: MakeIdentity): void {
  accountsSuite(make);
  sessionsSuite(make);
  devicesSuite(make);
}
