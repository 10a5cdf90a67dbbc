// ADR 0077
/** The level of the log, of all modules or of one, which can be changed for a while. */

const levels = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof levels)[number];
export const logLevels = [...levels, 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Ranks a level: messages of at most this rank are logged. `silent` is below all. */
const rankOf = (level: LogLevel): number => (level === 'silent' ? -1 : levels.indexOf(level));
export const ranks: Readonly<Record<string, number>> = Object.fromEntries(levels.map((name, rank) => [name, rank]));

/** The rank that a logger has now. Loggers keep it, and it changes under them. */
export interface Verbosity {
  rank: number;
}

export interface LevelChange {
  readonly level: LogLevel;
  readonly until: Date;
}

/** A name for what is changed where no module is named. */
const everything = Symbol('everything');

export class LogLevels {
  /** The level where nobody changed it. */
  readonly usual: LogLevel;
  readonly all: Verbosity;
  readonly #modules = new Map<string, Verbosity>();
  readonly #changes = new Map<string | symbol, LevelChange & { readonly timer: NodeJS.Timeout }>();

  constructor(usual: LogLevel) {
    this.usual = usual;
    this.all = { rank: rankOf(usual) };
  }

  /** The modules that log. */
  get modules(): readonly string[] {
    return [...this.#modules.keys()];
  }

  /** The same module gives the same object. */
  of(module: string): Verbosity {
    const verbosity = this.#modules.get(module) ?? { rank: rankOf(this.#levelOf(module)) };
    this.#modules.set(module, verbosity);
    return verbosity;
  }

  /** The changes in force: of all, and of each module that has its own. */
  get changes(): Readonly<Record<'all' | string, LevelChange>> {
    return Object.fromEntries(
      [...this.#changes].map(([what, { level, until }]) => [typeof what === 'string' ? what : 'all', { level, until }]),
    );
  }

  /** For so many milliseconds, of one module or of all; a module's own change goes before that of all. */
  change(level: LogLevel, milliseconds: number, module?: string): LevelChange {
    const what = module ?? everything;
    clearTimeout(this.#changes.get(what)?.timer);
    const timer = setTimeout(() => this.#end(what), milliseconds).unref();
    const change = { level, until: new Date(Date.now() + milliseconds), timer };
    this.#changes.set(what, change);
    this.#apply();
    return change;
  }

  #end(what: string | symbol): void {
    this.#changes.delete(what);
    this.#apply();
  }

  #apply(): void {
    this.all.rank = rankOf(this.#changes.get(everything)?.level ?? this.usual);
    for (const [module, verbosity] of this.#modules) verbosity.rank = rankOf(this.#levelOf(module));
  }

  #levelOf(module: string): LogLevel {
    return this.#changes.get(module)?.level ?? this.#changes.get(everything)?.level ?? this.usual;
  }
}
