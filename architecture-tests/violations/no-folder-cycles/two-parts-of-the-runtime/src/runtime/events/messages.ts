import { engine } from '../sagas/engine.ts';

export const messages = [engine];
