/**
 * One Inversify container a module, so that nothing of another module can be resolved. Modules name what they want
 * by a port's class, an operation or their settings; only this file knows that Inversify stands behind it.
 */
import { Container, type ServiceIdentifier } from 'inversify';
import { z } from 'zod';
import type { AnyToken, Bind, Provided, Token } from '#platform/module.ts';
import { StartupError } from './startup-error.ts';

type Factory = (...collaborators: never[]) => unknown;

export class ModuleContainer {
  readonly #module: string;
  readonly #container = new Container({ defaultScope: 'Singleton' });
  readonly #symbols = new Map<object, symbol>();
  readonly #bound = new Map<AnyToken, readonly AnyToken[]>();

  constructor(module: string) {
    this.#module = module;
  }

  readonly bind: Bind = ((port: Token<unknown>) => ({
    toResolvedValue: (factory: Factory, collaborators: readonly AnyToken[]) =>
      this.provide(port, factory, collaborators),
    toConstantValue: (value: unknown) => this.provide(port, () => value),
  })) as Bind;

  /** Binds anything: `bind` takes ports alone, and the host settings and the calls of other modules. */
  provide(token: AnyToken, factory: Factory, collaborators: readonly AnyToken[] = []): void {
    this.#bound.set(token, collaborators);
    this.#container
      .bind(this.#identifierOf(token))
      .toResolvedValue(factory as () => unknown, collaborators.map(this.#identifierOf) as never);
  }

  has(token: AnyToken): boolean {
    return this.#bound.has(token);
  }

  get<T>(token: Token<T>): T {
    return this.#container.get(this.#identifierOf(token)) as T;
  }

  /** Throws a StartupError where nothing binds what `provided` asks for; `user` is `the operation placeOrder`. */
  check(user: string, provided: Provided<unknown>): void {
    const missing = this.#missing(provided.collaborators, new Set());
    if (missing) throw new StartupError(this.#refusal(user, missing));
  }

  /** Resolves what `provided` asks for. */
  resolve(provided: Provided<unknown>): readonly unknown[] {
    return provided.collaborators.map((wanted) =>
      isProvided(wanted) ? this.make(wanted) : this.get(wanted as Token<unknown>),
    );
  }

  /** Resolves what `provided` asks for and calls its factory. */
  make<T>(provided: Provided<T>): T {
    return (provided.factory as (...collaborators: readonly unknown[]) => T)(...this.resolve(provided));
  }

  /** The way to something that nothing binds, over what asks for it. */
  #missing(wanted: Provided<unknown>['collaborators'], seen: Set<AnyToken>): readonly AnyToken[] | undefined {
    for (const token of wanted) {
      if (isProvided(token)) {
        const missing = this.#missing(token.collaborators, seen);
        if (missing) return missing;
        continue;
      }
      const collaborators = this.#bound.get(token);
      if (!collaborators) return [token];
      if (seen.has(token)) continue;
      const further = this.#missing(collaborators, seen.add(token));
      if (further) return [token, ...further];
    }
    return undefined;
  }

  #refusal(user: string, way: readonly AnyToken[]): string {
    const [last, file] = [way.at(-1)!, `modules/${this.#module}/module.ts`];
    const asked = `Module ${this.#module}: ${user} asks for ${way.map(nameOf).join(', which asks for ')}`;
    if (typeof last === 'function') return `${asked}, a port that nothing binds. Bind it in \`ports\` of ${file}.`;
    if (last instanceof z.ZodObject) return `${asked}, and they are not the \`settings\` of ${file}.`;
    return `${asked}, an operation that it does not need. Add it to \`needs\` of ${file}.`;
  }

  /** Classes identify themselves; the others are objects, for which Inversify wants symbols. */
  readonly #identifierOf = (token: AnyToken): ServiceIdentifier => {
    if (typeof token === 'function') return token as ServiceIdentifier;
    let symbol = this.#symbols.get(token);
    if (!symbol) {
      symbol = Symbol(nameOf(token));
      this.#symbols.set(token, symbol);
    }
    return symbol;
  };
}

const isProvided = (wanted: AnyToken | Provided<unknown>): wanted is Provided<unknown> => 'factory' in wanted;

function nameOf(token: AnyToken): string {
  if (typeof token === 'function') return token.name;
  return token instanceof z.ZodObject ? 'settings' : `${token.module}.${token.name}`;
}
