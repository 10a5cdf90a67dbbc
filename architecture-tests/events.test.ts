import { events } from './check/rules/events.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(events);
