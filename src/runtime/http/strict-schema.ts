import { z } from 'zod';
import { copyOf, definitionOf } from './schema-copy.ts';

/**
 * The same schema, refusing fields it does not know at every depth. Contracts declare plain objects, which ignore
 * unknown fields; in a request one is a mistake of the caller or an attempt (S31), and it is told. An object that
 * says what its other fields are (`z.looseObject`, `catchall`) means it.
 */
export const strict = <S extends z.ZodType>(schema: S): S =>
  copyOf(schema, {
    beforeTransforms: true,
    otherFields: ({ catchall }) => catchall ?? z.never(),
    leaf(part) {
      if (definitionOf(part).type !== 'intersection') return part;
      throw new TypeError('An intersection of objects cannot refuse unknown fields: use extend() in an endpoint.');
    },
  });
