export { token } from '../security/token.ts';
