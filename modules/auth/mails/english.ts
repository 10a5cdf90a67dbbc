/** The words of all mails in English. Another language is a file like this one. */
import type { Shop } from '../domain/shop.ts';
import type { Letter } from './letter.ts';

/** Word of something that happened to an account. */
export type Notice = 'new-device' | 'password-changed' | 'email-changed' | 'factor-added' | 'factor-removed';

export interface Occasion {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** The place that it came from, as far as it is known. */
  readonly network: string | null;
  readonly userAgent: string | null;
}

export interface Words {
  verifyAddress(shop: Shop, url: string, code: string): Letter;
  addressTaken(shop: Shop): Letter;
  changeAddress(shop: Shop, url: string): Letter;
  addressAlreadyUsed(shop: Shop): Letter;
  changeAsked(shop: Shop, newEmail: string): Letter;
  resetPassword(shop: Shop, url: string): Letter;
  notice(shop: Shop, notice: Notice, occasion: Occasion): Letter;
}

const ifNotYou = 'If it was not you, somebody may know your password:';

const notices: Readonly<Record<Notice, { subject: string; begins: string; ends: string }>> = {
  'new-device': {
    subject: 'A new login',
    begins: 'Somebody logged in to your account from a device that we do not know.',
    ends: `If it was you, there is nothing to do. ${ifNotYou} change it now, which ends all other logins.`,
  },
  'password-changed': {
    subject: 'Your password was changed',
    begins: 'The password of your account was changed.',
    ends: `If it was you, there is nothing to do. ${ifNotYou} set a new one now.`,
  },
  'email-changed': {
    subject: 'Your e-mail address was changed',
    begins: 'Your account has another e-mail address now. This one gets no more mail from us.',
    ends: 'If it was not you, write to us at once.',
  },
  'factor-added': {
    subject: 'A second factor was added',
    begins: 'From now on, logging in to your account takes a second factor beside the password.',
    ends: `If it was you, there is nothing to do. ${ifNotYou} set a new one, and write to us.`,
  },
  'factor-removed': {
    subject: 'A second factor was removed',
    begins: 'A second factor was removed from your account.',
    ends: `If it was you, there is nothing to do. ${ifNotYou} set a new one now.`,
  },
};

/** Names it well enough for its owner, and for nobody else. */
const hidden = (email: string): string => email.replace(/^(.)[^@]*@/, '$1...@');

export const english: Words = {
  verifyAddress: ({ name }, url, code) => ({
    subject: 'Confirm your e-mail address',
    begins: [`Please confirm that this is your e-mail address at ${name}.`],
    link: { label: 'Confirm the address', url },
    ends: [
      'Or type the code where you are logged in. Link and code hold for 24 hours and work once.',
      'If you did not open an account, ignore this mail.',
    ],
    code,
  }),
  addressTaken: ({ name, url }) => ({
    subject: `You have an account at ${name}`,
    begins: [
      `Somebody, maybe you, tried to open an account at ${name} with this address. It has an account already, which stays as it is.`,
    ],
    link: { label: 'Log in', url: `${url}/account/login` },
    ends: ['If you have forgotten your password, you can set a new one there. If it was not you, ignore this mail.'],
  }),
  changeAddress: ({ name }, url) => ({
    subject: 'Confirm your new e-mail address',
    begins: [`Please confirm that your account at ${name} shall have this e-mail address.`],
    link: { label: 'Use this address', url },
    ends: ['The link holds for 24 hours and works once. If you did not ask for it, ignore this mail.'],
  }),
  addressAlreadyUsed: ({ name }) => ({
    subject: `You have an account at ${name}`,
    begins: [
      `Somebody, maybe you, wanted to give this address to another account at ${name}. It has an account already, so nothing was changed.`,
    ],
    ends: ['If it was not you, ignore this mail.'],
  }),
  changeAsked: ({ name }, newEmail) => ({
    subject: 'Your e-mail address is about to change',
    begins: [
      `Somebody who is logged in to your account at ${name} asked to change its e-mail address to ${hidden(newEmail)}. It changes when the new address is confirmed.`,
    ],
    ends: [`If it was you, there is nothing to do. ${ifNotYou} change it now, which ends all other logins.`],
  }),
  resetPassword: ({ name }, url) => ({
    subject: 'Set a new password',
    begins: [`Somebody, hopefully you, has forgotten the password of your account at ${name}.`],
    link: { label: 'Set a new password', url },
    ends: [
      'The link holds for 30 minutes and works once. A new password ends all logins.',
      'If it was not you, ignore this mail: your password stays as it is.',
    ],
  }),
  notice: ({ name }, notice, { at, network, userAgent }) => {
    const { subject, begins, ends } = notices[notice];
    const where = [
      `When: ${at.slice(0, 16).replace('T', ' ')} UTC`,
      ...(network === null ? [] : [`Network: ${network}`]),
      ...(userAgent === null ? [] : [`Device: ${userAgent.slice(0, 120)}`]),
    ];
    return { subject: `${subject} (${name})`, begins: [begins, where.join('. ')], ends: [ends] };
  },
};
