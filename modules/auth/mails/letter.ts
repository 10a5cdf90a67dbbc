// ADR 0111
/** Makes of one text both parts of a mail: plain text, and HTML as mail clients show it, which know tables and inline styles. */
import type { Message } from '#platform/mail.ts';
import type { Shop } from '../domain/shop.ts';

export interface Letter {
  readonly subject: string;
  /** Paragraphs. */
  readonly begins: readonly string[];
  readonly link?: { readonly label: string; readonly url: string };
  readonly code?: string;
  readonly ends: readonly string[];
}

/** `owner` is the account that the address belongs to. */
export const letterTo = (to: string, shop: Shop, letter: Letter, owner?: string): Message => ({
  ...(owner !== undefined && { key: owner }),
  to,
  subject: letter.subject,
  text: plain(shop, letter),
  html: html(shop, letter),
});

const plain = ({ name }: Shop, { begins, link, code, ends }: Letter): string =>
  [...begins, ...(link ? [`${link.label}:\n${link.url}`] : []), ...(code ? [code] : []), ...ends, `-- \n${name}`].join(
    '\n\n',
  );

function html(shop: Shop, { subject, begins, link, code, ends }: Letter): string {
  const paragraph = (text: string) => `<p style="margin:0 0 16px;font-size:16px;line-height:24px">${escaped(text)}</p>`;
  const body = [
    ...begins.map(paragraph),
    ...(link ? [button(shop, link)] : []),
    ...(code
      ? [`<p style="margin:0 0 16px;font-size:28px;line-height:36px;letter-spacing:4px"><b>${escaped(code)}</b></p>`]
      : []),
    ...ends.map(paragraph),
    ...(link
      ? [
          `<p style="margin:0;font-size:14px;line-height:20px">If the button does not work, open this address: <a href="${escaped(link.url)}">${escaped(link.url)}</a></p>`,
        ]
      : []),
  ];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(subject)}</title></head>
<body style="margin:0;padding:0;background-color:#ffffff;color:#1f2328;font-family:Arial,Helvetica,sans-serif">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" style="padding:24px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px"><tr><td align="left">
<p style="margin:0 0 24px;font-size:20px;line-height:28px"><b>${escaped(shop.name)}</b></p>
${body.join('\n')}
</td></tr></table>
</td></tr></table>
</body>
</html>
`;
}

const button = ({ colour }: Shop, { label, url }: { label: string; url: string }): string =>
  `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr><td bgcolor="${escaped(colour)}" style="padding:12px 20px"><a href="${escaped(url)}" style="font-size:16px;text-decoration:none;color:${readableOn(colour)}"><b>${escaped(label)}</b></a></td></tr></table>`;

/** Black or white, whichever has more contrast (WCAG 2, relative luminance). */
function readableOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!);
