import { declaredEdges } from './check/rules/declared-edges.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(declaredEdges);
