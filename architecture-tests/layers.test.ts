import { layers } from './check/rules/layers.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(layers);
