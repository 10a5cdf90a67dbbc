import { contractsOnly } from './check/rules/contracts-only.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(contractsOnly);
