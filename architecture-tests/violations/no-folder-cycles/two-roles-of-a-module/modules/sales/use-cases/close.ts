import { Closing } from '../sagas/closing.ts';

export const close = () => Closing.name;
