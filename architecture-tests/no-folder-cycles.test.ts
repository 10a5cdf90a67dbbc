import { noFolderCycles } from './check/rules/no-folder-cycles.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(noFolderCycles);
