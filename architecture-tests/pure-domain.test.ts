import { pureDomain } from './check/rules/pure-domain.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(pureDomain);
