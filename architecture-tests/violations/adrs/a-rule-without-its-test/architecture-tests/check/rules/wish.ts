export const wish = {
  id: 'wish',
  adr: 'ADR/0001-modules.md',
};
