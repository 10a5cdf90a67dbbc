import { unused } from './check/rules/unused.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(unused);
