import { messages } from '../events/messages.ts';

export const swept = messages;
