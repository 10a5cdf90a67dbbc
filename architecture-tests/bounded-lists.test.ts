import { boundedLists } from './check/rules/bounded-lists.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(boundedLists);
