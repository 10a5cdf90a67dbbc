import { platformOnly } from './check/rules/platform-only.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(platformOnly);
