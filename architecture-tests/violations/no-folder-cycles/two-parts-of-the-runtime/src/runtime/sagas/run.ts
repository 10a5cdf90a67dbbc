import type { pause } from '../events/pauses.ts';

export type Pause = typeof pause;
