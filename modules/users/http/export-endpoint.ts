import type { Client, InputOf } from '#platform/contract.ts';
import { endpoint } from '#platform/endpoint.ts';
import { PersonalData, UsersApi, UsersErrors } from '../contract.ts';

type ExportPart = InputOf<typeof UsersApi.exportPage>['part'];

/** Milliseconds for all of it, and for a page. */
const timeout = 600_000;
const pageTimeout = 30_000;

export const exportEndpoint = endpoint(UsersApi, 'GET /v1/users/me/export', {
  summary: 'Everything that is stored about you',
  description:
    'One export at a time. It is complete where it ends as JSON: what fails on the way breaks off the connection.',
  access: 'user',
  timeout,
  answers: { status: 200, body: PersonalData },
  errors: [UsersErrors.exportUnderWay],
  async handle({ principal: { userId } }, users) {
    const { exportId, account, ...person } = await users.beginExport({ userId });
    const done = () => users.endExport({ userId, exportId });
    try {
      // All modules have answered before the first byte goes out, so that one that is away makes no half an answer.
      const [sessions, orders, payments] = await Promise.all([
        beginning(users, { userId, exportId, part: 'sessions' }),
        beginning(users, { userId, exportId, part: 'orders' }),
        beginning(users, { userId, exportId, part: 'payments' }),
      ]);
      return { status: 200, stream: { ...person, account: { ...account, sessions }, orders, payments }, done };
    } catch (error) {
      await done();
      throw error;
    }
  },
});

interface Reading<Part extends ExportPart> {
  readonly userId: string;
  readonly exportId: string;
  readonly part: Part;
}

/** Reads the first page of a part now, and the others when they are asked for. */
async function beginning<Part extends ExportPart>(users: Client<typeof UsersApi>, reading: Reading<Part>) {
  const read = (cursor?: string) => users.exportPage({ ...reading, cursor }, { timeout: pageTimeout });
  const first = await read();
  return (async function* () {
    for (let page = first; ; page = await read(page.nextCursor)) {
      yield page[reading.part];
      if (page.nextCursor === null) return;
    }
  })();
}
