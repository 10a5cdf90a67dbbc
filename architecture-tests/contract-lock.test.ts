import { contractLock } from './check/rules/contract-lock.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(contractLock);
