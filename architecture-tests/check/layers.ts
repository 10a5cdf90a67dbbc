/** The dependencies that each role in a module may have. The one place to read or change them. */
import type { Role } from './places.ts';

export interface Layer {
  /** Roles of the same module; a role may always use its own. */
  readonly own: readonly Role[];
  /** The contracts of other modules, as far as module.ts declares them. */
  readonly foreignContracts: boolean;
  /** Files of src/platform, without `.ts`; undefined for all of them. */
  readonly platform: readonly string[] | undefined;
  /** Modules of Node.js itself. */
  readonly builtins: readonly string[];
  /** The only packages it may know; undefined where the ADRs' table of packages is enough. */
  readonly packages?: readonly string[];
  readonly reason: string;
}

/** Files that every role may use that does something. */
const language = ['clock', 'context', 'contract', 'errors', 'logger'];
/** Change, tell, record, start. */
const ports = ['audit', 'mail', 'outbox', 'sagas', 'transaction'];
/** They compute and touch nothing outside the process. */
const computing = ['assert', 'buffer', 'crypto', 'events', 'timers/promises', 'url', 'util'];
const anyBuiltin = ['*'];

export const layers: Readonly<Record<Role, Layer>> = {
  contract: {
    own: [],
    foreignContracts: true,
    platform: ['contract', 'errors'],
    builtins: [],
    packages: ['zod'],
    reason: 'A contract is all that others see: what it depends on, they depend on.',
  },
  settings: {
    own: ['contract'],
    foreignContracts: false,
    platform: ['contract', 'settings'],
    builtins: ['os'],
    packages: ['zod'],
    reason: 'Settings are a zod schema, read before anything else of the module runs.',
  },
  domain: {
    own: ['contract'],
    foreignContracts: false,
    platform: ['contract', 'errors'],
    builtins: [],
    packages: ['zod'],
    reason: 'State and rules are pure, so that they can be read, tested and kept when everything around them changes.',
  },
  'use-cases': {
    own: ['contract', 'domain', 'mails', 'sagas', 'settings'],
    foreignContracts: true,
    platform: [...language, ...ports, 'module', 'network', 'pages'],
    builtins: computing,
    reason: 'A use case speaks to the world through ports, so that it runs in memory and behind any transport.',
  },
  sagas: {
    own: ['contract', 'domain', 'settings'],
    foreignContracts: true,
    platform: [...language, ...ports],
    builtins: computing,
    reason: 'A saga speaks to the world through ports and contracts, so that each step can run on any machine.',
  },
  reactions: {
    own: ['contract', 'domain', 'mails', 'sagas', 'settings', 'use-cases'],
    foreignContracts: true,
    platform: [...language, ...ports, 'module'],
    builtins: computing,
    reason: 'A reaction speaks to the world through ports, so that any transport can deliver to it.',
  },
  mails: {
    own: ['contract', 'domain', 'settings'],
    foreignContracts: false,
    platform: [...language, 'mail'],
    builtins: computing,
    reason: 'A mail is composed through ports, on any machine, and sent by the platform.',
  },
  http: {
    own: ['contract'],
    foreignContracts: false,
    platform: ['context', 'contract', 'endpoint', 'errors', 'text'],
    builtins: computing,
    reason: "An endpoint translates to the module's own operations; rules in it would not hold for other callers.",
  },
  sites: {
    own: ['contract', 'domain', 'settings', 'use-cases'],
    foreignContracts: false,
    platform: [...language, 'assets', 'network', 'site', 'text'],
    builtins: [...computing, 'http'],
    reason: 'A site speaks a protocol, or shows pages: what happens is decided by use cases, as behind any endpoint.',
  },
  persistence: {
    own: ['contract', 'domain', 'settings'],
    foreignContracts: false,
    platform: [...language, 'database', 'personal-traces'],
    builtins: computing,
    reason: 'Storage stands behind the ports of domain/, decides nothing and tells nobody.',
  },
  providers: {
    own: ['contract', 'domain', 'settings'],
    foreignContracts: false,
    platform: [...language, 'fair-turns', 'validation'],
    builtins: anyBuiltin,
    reason: 'An outside service stands behind the ports of domain/ and decides nothing.',
  },
  security: {
    own: ['contract', 'domain', 'settings'],
    foreignContracts: false,
    platform: [...language, 'access-token', 'assets', 'authenticator'],
    builtins: anyBuiltin,
    reason: 'Cryptography stands behind the ports of domain/ and decides nothing.',
  },
  seeds: {
    own: ['contract', 'domain', 'use-cases'],
    foreignContracts: false,
    platform: ['contract', 'errors', 'module'],
    builtins: computing,
    reason: 'What an empty module is filled with goes in through its rules and ports, as everything does.',
  },
  testing: {
    own: [
      'contract',
      'domain',
      'mails',
      'persistence',
      'providers',
      'sagas',
      'security',
      'seeds',
      'settings',
      'use-cases',
    ],
    foreignContracts: true,
    platform: undefined,
    builtins: anyBuiltin,
    reason: 'Builders, in-memory ports and suites stand in for what is around the rules.',
  },
  wiring: {
    own: [
      'contract',
      'domain',
      'http',
      'mails',
      'persistence',
      'providers',
      'reactions',
      'sagas',
      'security',
      'seeds',
      'settings',
      'sites',
      'use-cases',
    ],
    foreignContracts: true,
    platform: [...language, ...ports, 'authenticator', 'counts', 'database', 'module', 'personal-traces'],
    builtins: computing,
    reason: 'module.ts wires what the module runs with, and nothing that is there for tests.',
  },
};
