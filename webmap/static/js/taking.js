// Files that the server makes beside the requests, taken away without leaving the page, with word of how far they have come.

import { begin, whenDone } from "./waiting.js";

/** Wait for a file while saying how far it has come; gives its address, or nothing where it could not be made. */
export async function made(address, place) {
  place.hidden = false;
  try {
    return await whenDone(await address, place, place.dataset.busy);
  } catch (problem) {
    place.textContent = problem.message || place.dataset.failed;
    return null;
  }
}

/** Take a file away without leaving the page. */
async function take(link, place) {
  const address = await made(begin(link.href), place);
  if (!address) return;
  location.assign(address);
  place.hidden = true;
}

/** Let links to files be waited for in `place`; without this they lead to a page that waits. */
export function takeFrom(links, place) {
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      take(link, place);
    });
  }
}
