import { importsResolve } from './check/rules/imports-resolve.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(importsResolve);
