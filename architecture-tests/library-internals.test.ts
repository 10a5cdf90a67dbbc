import { libraryInternals } from './check/rules/library-internals.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(libraryInternals);
