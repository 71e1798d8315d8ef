/** The API key: it comes in the fragment of the address, which no browser sends anywhere, and stays in this tab. */

const NAME = 'argosy.key';

/** The key that was given; gone from the address bar then. */
export function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given !== null) {
    keepKey(given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(NAME);
}

/** @param {string} key also a whole link is understood */
export const keepKey = (key) => sessionStorage.setItem(NAME, key.trim().replace(/^.*#key=/, ''));

export const dropKey = () => sessionStorage.removeItem(NAME);
