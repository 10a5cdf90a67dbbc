const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML has it, in content and in attributes. */
export const escaped = (words = ''): string => words.replace(/[&<>"']/g, (character) => entities[character]!);
