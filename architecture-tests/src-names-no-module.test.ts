import { srcNamesNoModule } from './check/rules/src-names-no-module.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(srcNamesNoModule);
