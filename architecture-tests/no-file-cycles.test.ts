import { noFileCycles } from './check/rules/no-file-cycles.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(noFileCycles);
