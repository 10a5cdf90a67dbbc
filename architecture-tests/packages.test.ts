import { packages } from './check/rules/packages.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(packages);
