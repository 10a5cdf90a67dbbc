export const wish = {
  id: 'wish',
  adr: 'ADR/0002-wishes.md',
};
