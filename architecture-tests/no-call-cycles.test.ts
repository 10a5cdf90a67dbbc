import { noCallCycles } from './check/rules/no-call-cycles.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(noCallCycles);
