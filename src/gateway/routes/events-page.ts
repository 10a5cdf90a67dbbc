// ADR 0067
/** The AsyncAPI document as a page for people: who announces what and when, who reacts, and what is in it. */
import type { JsonSchema } from '#runtime/named-schemas.ts';
import { escaped } from './escaped.ts';

interface Message {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly payload: JsonSchema;
}
interface Channel {
  readonly title: string;
  readonly description?: string;
  readonly messages: Readonly<Record<string, Message>>;
}
interface Operation {
  readonly action: 'send' | 'receive';
  readonly summary?: string;
  readonly tags: readonly { readonly name: string }[];
  readonly messages: readonly { readonly $ref: string }[];
}
interface Described {
  readonly info: { readonly description: string };
  readonly servers?: JsonSchema;
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly messageTraits?: { readonly CloudEvent: { readonly headers: JsonSchema } };
  };
}

export function eventsPage(document: JsonSchema): string {
  const { info, servers, channels, operations, components } = document as unknown as Described;
  const events = Object.entries(channels).flatMap(([module, { messages }]) =>
    Object.entries(messages).map(([key, message]) => {
      const about = Object.values(operations).filter(({ messages: [{ $ref } = { $ref: '' }] }) =>
        $ref.endsWith(`/${module}/messages/${key}`),
      );
      const summary = about.find(({ action }) => action === 'send')?.summary ?? '';
      return { module, message, summary, reactions: about.filter(({ action }) => action === 'receive') };
    }),
  );
  const reactionsOf = ({ reactions }: (typeof events)[number]) =>
    reactions.length === 0
      ? 'No module.'
      : `<ul>${reactions.map(({ tags, summary }) => `<li><b>${escaped(tags[0]?.name)}</b>: ${text(summary)}</li>`).join('')}</ul>`;
  const fieldsOf = (schema: JsonSchema) => fieldTable(schema, components.schemas);

  const overview = events.map(
    (
      event,
    ) => `<tr role="row"><th role="rowheader" scope="row"><a href="#${escaped(event.message.name)}">${escaped(event.message.title)}</a></th>
      <td role="cell" data-label="Announced by">${escaped(event.module)}</td>
      <td role="cell" data-label="When">${text(withoutWhen(event.summary))}</td>
      <td role="cell" data-label="Who reacts">${reactionsOf(event)}</td></tr>`,
  );
  const details = Object.entries(channels).map(
    ([module, channel]) => `<h2>${escaped(channel.title)}</h2>${text(channel.description)}
      ${events
        .filter((event) => event.module === module)
        .map(
          (event) => `<section aria-labelledby="${escaped(event.message.name)}">
            <h3 id="${escaped(event.message.name)}">${escaped(event.message.title)} <code>${escaped(event.message.name)}</code></h3>
            <p>${text(event.summary)} ${text(event.message.description)}</p>${fieldsOf(event.message.payload)}</section>`,
        )
        .join('')}`,
  );
  const headers = components.messageTraits?.CloudEvent.headers;
  return page(`<h1>Events</h1>
    ${paragraphs(info.description)}
    ${servers ? '' : '<p>No other program can read them here. That takes a broker (<code>EVENTS_URL</code>) without version 0.1 beside this one.</p>'}
    <p>For programs, all of this is at <a href="/asyncapi.json">/asyncapi.json</a> (AsyncAPI).</p>
    <table class="overview" role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Event</th><th role="columnheader" scope="col">Announced by</th><th role="columnheader" scope="col">When</th><th role="columnheader" scope="col">Who reacts</th></tr></thead>
    <tbody role="rowgroup">${overview.join('')}</tbody></table>
    ${details.join('')}
    ${headers ? `<h2>The headers of every event</h2><p>Events are CloudEvents 1.0 in binary mode: the attributes are headers, and the body is the event.</p>${fieldsOf(headers)}` : ''}`);
}

const page = (main: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Fissile: events</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/docs/docs.css" />
  </head>
  <body>
    <nav class="pages" aria-label="Documentation">
      <strong>Fissile</strong>
      <a href="/docs">REST API</a>
      <a href="/docs/events" aria-current="page">Events</a>
    </nav>
    <main>${main}</main>
  </body>
</html>
`;

function fieldTable(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): string {
  const rows = fields(schema, '', named).map(
    ({ name, type, about }) =>
      `<tr><th scope="row"><code>${escaped(name)}</code></th><td>${text(type)}</td><td>${text(about)}</td></tr>`,
  );
  return `<table class="fields"><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly about: string;
}

/** The fields of an object, and of the objects in it by their way there: `total.amount`. */
function fields(schema: JsonSchema, path: string, named: Readonly<Record<string, JsonSchema>>): Field[] {
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([key, declared]) => {
    const name = path + key;
    const field = dereferenced(declared, named);
    const about = typeof field.description === 'string' ? field.description : '';
    const optional = required.includes(key) ? '' : ', optional';
    if (field.type === 'object') return fields(field, `${name}.`, named);
    return [{ name, type: typeName(field, named) + optional, about }];
  });
}

function typeName(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): string {
  const field = dereferenced(schema, named);
  if (Array.isArray(field.anyOf)) return field.anyOf.map((each: JsonSchema) => typeName(each, named)).join(' or ');
  if (Array.isArray(field.enum)) return `one of ${field.enum.map((value) => `\`${String(value)}\``).join(', ')}`;
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.type === 'array') return `list of ${typeName((field.items ?? {}) as JsonSchema, named)}`;
  return String(field.format ?? field.type ?? 'anything');
}

/** Follows a reference into the components, which draft 7 wraps in `allOf` where there is more to say. */
function dereferenced(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { $ref, allOf, ...own } = schema as { $ref?: string; allOf?: JsonSchema[] };
  if ($ref) return named[$ref.slice($ref.lastIndexOf('/') + 1)] ?? own;
  return Object.assign({}, ...(allOf ?? []).map((part) => dereferenced(part, named)), own) as JsonSchema;
}

/** Escapes text, and writes the Markdown that descriptions have: code and bold. */
const text = (words = '') =>
  escaped(words)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>');

const paragraphs = (words: string) =>
  words
    .split('\n\n')
    .map((paragraph) => `<p>${text(paragraph)}</p>`)
    .join('');

/** In a column that is called so. */
const withoutWhen = (summary: string) => {
  const rest = summary.replace(/^When /, '');
  return rest.charAt(0).toUpperCase() + rest.slice(1);
};
