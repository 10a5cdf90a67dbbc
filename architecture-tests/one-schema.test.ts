import { oneSchema } from './check/rules/one-schema.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(oneSchema);
