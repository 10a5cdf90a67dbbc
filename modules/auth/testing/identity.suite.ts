/** The suite that the ports for accounts, their sessions, devices and second factors must pass. */
import { accountsSuite } from './accounts.suite.ts';
import { devicesSuite } from './devices.suite.ts';
import { factorsSuite } from './factors.suite.ts';
import { administrationSuite } from './administration.suite.ts';
import type { MakeIdentity } from './identity-under-test.ts';
import { sessionsSuite } from './sessions.suite.ts';

export function identitySuite(make: MakeIdentity): void {
  accountsSuite(make);
  administrationSuite(make);
  sessionsSuite(make);
  devicesSuite(make);
  factorsSuite(make);
}
