/** The files of deploy/observability that are written from code. */
import { business } from './dashboards/business.ts';
import { callsDashboard } from './dashboards/calls.ts';
import { database } from './dashboards/database.ts';
import { eventsAndSagas } from './dashboards/events-and-sagas.ts';
import { overview } from './dashboards/overview.ts';
import { runtime } from './dashboards/runtime.ts';
import { dashboardOf } from './panels.ts';
import { rulesFile } from './rules.ts';

const dashboards = [overview, callsDashboard, eventsAndSagas, database, business, runtime];

/** By their paths from the root of the repository. */
export const observabilityFiles = (): Record<string, string> => ({
  'deploy/observability/rules.yml': rulesFile(),
  ...Object.fromEntries(
    dashboards.map((each) => [
      `deploy/observability/dashboards/${each.id}.json`,
      `${JSON.stringify(dashboardOf(each), null, 2)}\n`,
    ]),
  ),
});
