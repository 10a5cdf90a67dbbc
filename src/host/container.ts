/**
 * One Inversify container a module, so that nothing of another module can be resolved. Modules name what they want
 * by a port's class, an operation or their settings; only this file knows that Inversify stands behind it.
 */
import { Container, type ServiceIdentifier } from 'inversify';
import { z } from 'zod';
import type { Call, Operation } from '#platform/contract.ts';
import type { AnyToken, Bind, Provided, Token } from '#platform/module.ts';

export class ModuleContainer {
  readonly #container = new Container({ defaultScope: 'Singleton' });
  readonly #symbols = new Map<object, symbol>();

  readonly bind: Bind = ((token: AnyToken) => {
    const binding = this.#container.bind(this.#identifierOf(token));
    return {
      toResolvedValue: (factory: (...collaborators: unknown[]) => unknown, collaborators: readonly AnyToken[]) =>
        void binding.toResolvedValue(factory, collaborators.map(this.#identifierOf)),
      toConstantValue: (value: unknown) => void binding.toConstantValue(value),
    };
  }) as unknown as Bind;

  /** Binds the call of another module's operation. */
  provide(operation: Operation, make: () => Call<Operation>): void {
    this.#container.bind(this.#identifierOf(operation)).toResolvedValue(make, []);
  }

  has(token: AnyToken): boolean {
    return this.#container.isBound(this.#identifierOf(token));
  }

  get<T>(token: Token<T> | Operation): T {
    return this.#container.get(this.#identifierOf(token)) as T;
  }

  /** Resolves what `provided` asks for and calls its factory. */
  make<T>(provided: Provided<T>): T {
    const factory = provided.factory as (...collaborators: unknown[]) => T;
    return factory(...provided.collaborators.map((token) => this.get<unknown>(token as Token<unknown>)));
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

function nameOf(token: Exclude<AnyToken, Token<unknown>>): string {
  if (token instanceof z.ZodObject) return 'settings';
  return `${token.module}.${token.name}`;
}
