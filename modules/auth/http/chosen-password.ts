/** For readers of the document: the least that a setting can ask for. A refusal names the limit in force. */
export const chosen = {
  minLength: 8,
  maxLength: 128,
  description: 'at least 15 characters, unless PASSWORD_MIN_LENGTH is set otherwise',
};
