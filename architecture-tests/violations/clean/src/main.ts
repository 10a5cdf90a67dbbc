import { start } from './host/host.ts';

start();
