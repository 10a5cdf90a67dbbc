import request from 'supertest';

type Answer = request.Response;

/** A browser without scripts: it keeps cookies, and sends the form of the page that it has open. */
export class Visitor {
  readonly #url: string;
  readonly #cookies: Map<string, string>;
  #page: Answer | undefined;
  #path = '';
  /** As they were sent last. */
  setCookies: string[] = [];

  constructor(url: string, cookies = new Map<string, string>()) {
    this.#url = url;
    this.#cookies = cookies;
  }

  /** Another one with the same cookies, such as a thief's. */
  copy(): Visitor {
    return new Visitor(this.#url, new Map(this.#cookies));
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  async open(path: string): Promise<Answer> {
    this.#path = path;
    return (this.#page = this.#keep(await request(this.#url).get(path).set('Cookie', this.#sent()).redirects(0)));
  }

  /** Sends the form of the page, or that one with this action, with its hidden fields. */
  async submit(fields: Readonly<Record<string, string>>, action?: string): Promise<Answer> {
    const forms = [...(this.#page?.text ?? '').matchAll(/<form method="post" action="([^"]*)">(.*?)<\/form>/gs)];
    const form = forms.find(([, to]) => action === undefined || to === action);
    if (!form) throw new Error(`${this.#path} has no such form.`);
    const [, to = '', inside = ''] = form;
    const hidden = [...inside.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
      ([, name, value]) => [name!, value!] as const,
    );
    this.#page = await this.post(to.replaceAll('&amp;', '&'), { ...Object.fromEntries(hidden), ...fields });
    return this.#page;
  }

  async post(
    path: string,
    fields: Readonly<Record<string, string>> | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await request(this.#url)
      .post(path)
      .set({ Cookie: this.#sent(), 'Content-Type': 'application/x-www-form-urlencoded', ...headers })
      .redirects(0)
      .send(typeof fields === 'string' ? fields : new URLSearchParams(fields).toString());
    return this.#keep(answer);
  }

  #sent(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(answer: Answer): Answer {
    const set = (answer.headers['set-cookie'] ?? []) as unknown as string[];
    if (set.length > 0) this.setCookies = set;
    for (const each of set) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each)!;
      if (value === '' || /Expires=Thu, 01 Jan 1970/.test(each)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
    return answer;
  }
}
