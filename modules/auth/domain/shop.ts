/** The shop as mails show it. */
export abstract class Shop {
  abstract readonly name: string;
  /** `#0b57d0` */
  abstract readonly colour: string;
  /** The origin that links lead to, without a slash at the end. */
  abstract readonly url: string;
}
