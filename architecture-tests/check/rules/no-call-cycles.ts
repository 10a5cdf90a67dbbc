import { cycles } from '../cycles.ts';
import { placeOf } from '../places.ts';
import type { Rule } from '../rule.ts';

export const noCallCycles: Rule = {
  id: 'no-call-cycles',
  title: 'Calls between modules form no cycle',
  adr: 'ADR/0030-modules-meet-in-contracts.md',
  why: 'Modules that call each other in a circle wait for each other, fail together and can only be split together.',

  check({ modules }, breach) {
    const calls = new Map(
      [...modules.values()].map(({ name, wiring }) => [
        name,
        wiring.needs.flatMap(({ path }) => {
          const place = path === undefined ? undefined : placeOf(path);
          return place?.part === 'module' ? [place.module] : [];
        }),
      ]),
    );
    for (const circle of cycles(calls)) {
      const [first] = circle as [string];
      const { wiring } = modules.get(first) as { wiring: { path: string; line: number } };
      breach({
        file: wiring.path,
        line: wiring.line,
        what: `is in a circle of calls: ${[...circle, first].join(' calls ')}`,
        instead: 'Turn one of the calls into an event that the other module reacts to.',
        involves: circle.map((name) => `modules/${name}/module.ts`),
      });
    }
    return calls.size;
  },
};
