// ADR 0110
/** `mails`: the mails of the last days, and what became of them. */
import { styleText } from 'node:util';
import { KeptMails } from '#runtime/mail/kept-mails.ts';
import { type ListedMail, MailTable } from '#runtime/mail/mail-table.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import type { Answer, Command, CommandLine } from '../command.ts';
import { readConfiguration } from '../configuration.ts';
import { Opened } from '../opened.ts';
import { openStoredData } from '../stored-data.ts';

const most = 200;

export const command: Command = {
  takes: ['[ID]'],
  summary: 'list the mails of the last week, or show one',
  description: `
Lists mails with what became of them, the newest first: waiting, sent, refused by the server, or expired because it did not
come back in time. With ID it shows one, with the note of its last try, and where there is no MAIL_URL with its text. The
program may be running meanwhile.`,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: 'an array of {id, name, recipient, state, attempts, note, addedAt, endedAt}; with ID one of them, with its text',
  settings: ['MAIL_URL', 'DATA_DIR'],
  exitCodes: { 1: 'no such mail, or the database cannot be reached' },
  run: (line, id) => (id === undefined ? list(line) : show(line, id)),
};

async function list(line: CommandLine): Promise<Answer> {
  const mails = await listed(line);
  return { lines: mails.length === 0 ? ['There is no mail.'] : mails.map(inOneLine), json: mails };
}

async function show(line: CommandLine, id: string): Promise<Answer | number> {
  const mail = (await listed(line)).find((each) => each.id === id);
  const kept = await new KeptMails(readConfiguration(line.environment).dataDir).read(id);
  if (!mail && !kept) {
    console.error(`There is no mail ${id}. "mails" lists those of the last week.`);
    return 1;
  }
  const note = mail?.note ? [`Note: ${mail.note}`] : [];
  const text = kept ? [`Subject: ${kept.subject}`, '', kept.text] : [];
  return {
    lines: [...(mail ? [inOneLine(mail)] : []), ...note, ...text],
    json: { ...mail, ...(kept && { subject: kept.subject, text: kept.text }) },
  };
}

async function listed(line: CommandLine): Promise<readonly ListedMail[]> {
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  try {
    const databases = [...(await openStoredData(line, opened)).values()];
    const all = await Promise.all(databases.map((database) => new MailTable(database).list(most)));
    return all.flat().toSorted((one, other) => other.addedAt.getTime() - one.addedAt.getTime());
  } finally {
    await opened.closeAll();
  }
}

const inOneLine = ({ id, name, recipient, state, attempts, addedAt }: ListedMail): string =>
  `${id}  ${addedAt.toISOString()}  ${styleText('bold', state)}  ${name}  ${recipient ?? 'not composed yet'}  ${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
