import { adrs } from './check/rules/adrs.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(adrs);
