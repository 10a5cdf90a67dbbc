/**
 * The scopes that endpoints of the whole program ask of applications, each with what it allows, in words for the person
 * who is asked. Modules declare them in `scopes` of `module.ts`.
 */
export abstract class Scopes {
  /** By name. */
  abstract readonly all: Readonly<Record<string, string>>;
}
