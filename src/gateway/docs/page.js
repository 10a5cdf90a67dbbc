// Follows the light or dark mode of the reader's system.
const page = document.querySelector('rapi-doc');
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => page.setAttribute('theme', dark.matches ? 'dark' : 'light');
dark.addEventListener('change', follow);
follow();
