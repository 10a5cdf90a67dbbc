const page = document.querySelector('rapi-doc');

/** Sets an attribute by what a media query says, now and when that changes. */
function follow(query, attribute, yes, no) {
  const media = matchMedia(query);
  const set = () => page.setAttribute(attribute, media.matches ? yes : no);
  media.addEventListener('change', set);
  set();
}

follow('(prefers-color-scheme: dark)', 'theme', 'dark', 'light');
// A narrow page has no room for the list of endpoints, so it shows them all, one below the other.
follow('(max-width: 767px)', 'render-style', 'read', 'focused');
