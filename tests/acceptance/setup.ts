/** The acceptance suite runs against BASE_URL, with ADMIN_EMAIL and ADMIN_PASSWORD, or against a program of its own (with CALLS and DATABASE_URL as given). */
import type { TestProject } from 'vitest/node';
import { administrator, paymentTimeout, start, temporaryFolder } from '../support/running-program.ts';

const given = Object.fromEntries(
  Object.entries(process.env).filter(
    (entry): entry is [string, string] => /^(CALLS|DATABASE_)/.test(entry[0]) && entry[1] !== undefined,
  ),
);

declare module 'vitest' {
  interface ProvidedContext {
    baseUrl: string;
    administrator: { email: string; password: string };
  }
}

export default async function setup(project: TestProject) {
  project.provide('administrator', {
    email: process.env.ADMIN_EMAIL ?? administrator.email,
    password: process.env.ADMIN_PASSWORD ?? administrator.password,
  });
  // Vite itself sets the variable to "/".
  const url = process.env.BASE_URL ?? '';
  if (url.startsWith('http')) {
    project.provide('baseUrl', url.replace(/\/$/, ''));
    return undefined;
  }
  const folder = await temporaryFolder();
  const program = await start({ DATA_DIR: folder.path, PAYMENT_TIMEOUT: paymentTimeout, ...given });
  project.provide('baseUrl', program.url);
  return async () => {
    await program.stop();
    await folder.remove();
  };
}
