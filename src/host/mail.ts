// ADR 0110
/** The way that mails of this process go. */
import type { ModuleDefinition } from '#platform/module.ts';
import { KeptMails } from '#runtime/mail/kept-mails.ts';
import { noPostman, type Postman } from '#runtime/mail/postman.ts';
import type { Configuration } from './configuration.ts';
import type { Opened } from './opened.ts';

interface Options {
  readonly configuration: Pick<Configuration, 'production' | 'mail' | 'dataDir'>;
  /** The modules of this process. */
  readonly definitions: readonly ModuleDefinition[];
  readonly announce: (line: string) => void;
}

/** The letters that a gateway shows: in development, where only this machine reaches it. */
export const shownMails = (
  { production, mail, dataDir, host }: Pick<Configuration, 'production' | 'mail' | 'dataDir' | 'host'>,
  isGateway: boolean,
): KeptMails | undefined =>
  isGateway && !production && !mail && /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
    ? new KeptMails(dataDir)
    : undefined;

/** To the server of MAIL_URL. Without it they are kept in the data folder, and in production nowhere, which the start says. */
export async function postmanOf(
  { configuration: { production, mail, dataDir }, definitions, announce }: Options,
  opened: Opened,
): Promise<Postman> {
  if (mail) {
    // Only then is nodemailer loaded.
    const { smtpPostman } = await import('#runtime/mail/smtp-postman.ts');
    const postman = smtpPostman(mail.server, mail.from);
    opened.add('the connections to the mail server', () => postman.close());
    return postman;
  }
  if (!production) return new KeptMails(dataDir).postman;
  const purposes = new Set(definitions.flatMap(({ mails }) => mails.map(({ mail: { purpose } }) => purpose)));
  if (purposes.size > 0)
    announce(`MAIL_URL is not set, so no mail is sent. It is needed for ${[...purposes].join(', ')}.`);
  return noPostman('MAIL_URL was not set.');
}
