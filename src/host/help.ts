/** The help texts of the command line. */
import { isOneFile } from '#platform/assets.ts';

const program = isOneFile ? 'fissile' : 'npm start --';

const overview = `Fissile: all its modules in one program, with a database of its own, or in several.

Usage: ${program} [command] [options]

Commands
  serve                        start the program (the default)
  topology FILE                start the processes that the file names, here
  certs [FOLDER]               make certificates for processes that run apart
  broker [FOLDER]              make users of RabbitMQ for them, each with the rights of its modules
  migrate                      bring the database up to date, and stop
  backup FILE                  write the data into a file, while the program runs
  restore FILE                 put a backup where there is no data
  events list                  show the deliveries that were given up
  events show <sub> <event>    show one of them with its event and its error
  events replay <sub> <event>  deliver one of them once more
  check-times                  find moments that were stored in another time zone
  sql [MODULE]                 open a prompt on the data, as the module's role or as the administrator
  settings                     list the environment variables that all this goes by
`;

const exitCodes = `
Exit codes: 0 done, 1 failed or could not start, 2 wrong arguments.
`;

const options = `
Options
  --topology     which modules run in which process, see topologies/; for commands on stored data: whose
  --json         answer for a script: migrate, backup, restore, events list, check-times, settings, --version
  --help, -h     show this; after a command, all about it
  --version, -v  show the version, and those of Node and PostgreSQL
${exitCodes}`;

const details: Readonly<Record<string, string>> = {
  serve: `Usage: ${program} serve [--topology FILE]

Starts the program and runs it until Ctrl-C or SIGTERM: then it takes nothing new, finishes what is under way, and stops.
It applies pending migrations first. What a person needs to know goes to the standard error, the log to the standard
output: readable at a terminal (in colour unless NO_COLOR is set), JSON lines elsewhere.

  --topology FILE  start the processes that the file names, on this machine, and look after them

  PORT, HOST       where it listens (3000, this machine only)
  DATA_DIR         where its database lies (data)
  DATABASE_URL     a PostgreSQL of yours instead
  MODULES          some of the modules only, with commas between them
  and more         ${program} settings lists them all

Exit codes: 0 stopped when asked to, 1 could not start or could not go on, 2 wrong arguments.
`,
  topology: `Usage: ${program} topology FILE
       ${program} --topology FILE

Starts the processes that FILE names, on this machine, each with its modules and every module with a database of its own, and
looks after them: one log with the name of each process, what dies is started again, and Ctrl-C stops all. FILE is a file of
yours, or one that comes with the program, such as topologies/split.yaml: each module apart.

  EVENTS_URL    the RabbitMQ that carries events between processes: amqp://user:secret@host
  DATA_DIR      where the databases lie, and certificates for the processes (data)
  DATABASE_URL  a PostgreSQL of yours instead, whose user may create databases

Exit codes: 0 stopped when asked to, 1 could not start or could not go on, 2 wrong arguments.
`,
  certs: `Usage: ${program} certs [FOLDER] [--topology FILE]

Makes a private authority and certificates for processes that run apart: one for each module and the gateway, or with
--topology one for each process of the file. FOLDER is DATA_DIR/certificates unless given. A process that runs takes a
new certificate as it finds it.

Exit codes: 0 done, 1 failed, 2 wrong arguments.
`,
  broker: `Usage: ${program} broker [FOLDER] [--topology FILE]

Writes what RabbitMQ imports so that no process can publish the events of another's modules: exchanges and queues, and a
user for each module and the gateway, or with --topology for each process of the file. A user may publish to the exchanges
of its modules, and read what their reactions need. FOLDER is DATA_DIR/broker unless given. Passwords that are there stay:
run it again after an upgrade or for another topology, and import again.

  definitions.json  for the broker: rabbitmqctl import_definitions < FOLDER/definitions.json
  events.env        what to give each process as EVENTS_URL, as <PROCESS>_EVENTS_URL, which "topology" reads as it is

  EVENTS_URL  where the broker is, with the virtual host (amqp://127.0.0.1:5672)

Exit codes: 0 done, 1 failed, 2 wrong arguments.
`,
  migrate: `Usage: ${program} migrate [--topology FILE] [--json]

Applies the pending migrations of the modules (MODULES: of some), tells which, and stops. "serve" does the same when it
starts. The program may be running meanwhile. A database that a newer version has written is refused and left as it is.

  --topology FILE  in the databases of this topology
  --json           {"<module>": ["<migration>", ...], ...}: what was applied

Exit codes: 0 up to date, 1 failed, 2 wrong arguments.
`,
  backup: `Usage: ${program} backup FILE [--topology FILE] [--json]

Writes the embedded database, as it is at a moment, and the certificates of DATA_DIR into FILE, a compressed tar archive
(.tar.gz) that only you can read. The program may be running on it meanwhile, alone or with --topology; nothing waits for
the backup. It must be run by the user that runs the program. FILE appears when it is complete, and is never written over;
what was stored before the command began is in it. There needs to be room for it: keep it on another disk than the data.
With DATABASE_URL the data lies on that server, and is backed up there, such as with pg_dump. What a broker (EVENTS_URL)
holds is not in the backup.

  --topology FILE  refuse where there is no data of this topology
  --json           {"file", "bytes", "version", "postgresql", "time"}

  DATA_DIR  where the database lies (data)

Exit codes: 0 FILE is complete, 1 failed and left nothing, 2 wrong arguments.
`,
  restore: `Usage: ${program} restore FILE [--topology FILE] [--json]

Puts what a backup holds where no database is: on another machine, in another folder, or after the one that was there has
been moved away. It never replaces one. FILE is checked to be whole, PostgreSQL is started on it once, and only then is it
done; a backup of a newer version, or of another PostgreSQL, is refused. Certificates that are there already stay.

  --json    {"file", "dataDir", "version", "postgresql", "time"}: by when what was stored is in it, and what wrote it

  DATA_DIR  where the database shall lie (data)

Exit codes: 0 restored, 1 failed and left nothing, 2 wrong arguments.
`,
  events: `Usage: ${program} events list [--topology FILE] [--json]
       ${program} events show <subscription> <event> [--topology FILE]
       ${program} events replay <subscription> <event> [--topology FILE]

The deliveries that were given up after their last try. "list" tells which, a line each; "show" one of them with its event
and its error, in JSON; "replay" has it delivered once more. The program may be running meanwhile.

  --topology FILE  in the databases of this topology
  --json           for list: an array of {subscription, eventId, receivedAt, attempts, error}

Exit codes: 0 done, 1 there is no such delivery or the database is away, 2 wrong arguments.
`,
  'check-times': `Usage: ${program} check-times [--topology FILE] [--json]

Version 0.1.0 stored moments shifted by the offset of the database's time zone, unless that was UTC, where it wrote them
through Prisma. Ids carry the time at which they were made, so the moment of a row's creation is compared with its id; what
differs as time zones do is told, a line for each column and shift. Nothing is changed, and the program may be running
meanwhile. A column is put right, in the rows that were made then, with

  SET created_at = (created_at AT TIME ZONE 'America/New_York') AT TIME ZONE 'UTC'

in which the zone is the one that the database had. The changelog names the other columns that are shifted alike.

  --topology FILE  look at what the topology of FILE stored
  --json           an array of {column, shifted, rows, minutes, first, last}

Exit codes: 0 nothing was found, 1 something was, or it failed, 2 wrong arguments.
`,
  sql: `Usage: ${program} sql [MODULE] [--topology FILE]

Opens psql on the stored data, or a small prompt where psql is not installed: a statement ends with ";", the session with
\\q or the end of the input. With MODULE as its own role, in its schema and able to reach nothing else; without as the
administrator of the server. The program may be running meanwhile.

  --topology FILE  in the databases of this topology: name the module then

Exit codes: 0 done, 1 a statement failed or the database is away, 2 wrong arguments, 3 psql stopped at an error.
`,
  settings: `Usage: ${program} settings [--json]

Lists the environment variables of the program and of its modules, with what holds without them.

  --json  an object: by variable what JSON Schema says of it, such as {"PORT": {"default": 3000, "type": "integer", ...}}

Exit codes: 0 done, 2 wrong arguments.
`,
};

/** Returns the help on one command, or on all, those of the modules among them. */
export async function helpOn(command: string | undefined): Promise<string> {
  const own = command === undefined ? undefined : details[command];
  if (own !== undefined) return own;
  const { moduleCommands, usageOf } = await import('./commands/of-modules.ts');
  const commands = (await moduleCommands()).map(({ name, summary, ...rest }) => ({ name, summary, usage: usageOf({ name, ...rest }) }));
  const asked = commands.filter(({ name }) => name.split(' ', 1)[0] === command);
  const lines = (some: typeof commands, before = '') => some.map(({ usage, summary }) => `  ${before}${usage.padEnd(27)}  ${summary}\n`).join('');
  if (asked.length === 0) return overview + lines(commands) + options;
  return `Usage: ${program} COMMAND [--topology FILE]\n\n${lines(asked)}\nOn the stored data; the program may be running meanwhile.\n${exitCodes}`;
}
