// Keeps the volunteers' page on the phone: the page as it was last seen, and the files it is made of. Whatever a person
// did lies in the database of the page itself; this worker only sends it when the browser wakes it with the page closed.

import { Queue } from "{{ queue }}";
import { Sending } from "{{ sending }}";

const KEPT = {{ ("gridpatrol-walk-" ~ version) | tojson }};
const FILES = {{ files | tojson }};
const PAGE = "/walk";
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll([PAGE, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE) event.respondWith(page(request));
  else if (FILES.includes(address.pathname + address.search)) event.respondWith(file(request));
});

self.addEventListener("sync", (event) => {
  if (event.tag === "send") event.waitUntil(Queue.open().then((queue) => new Sending(queue).all()));
});

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("gridpatrol-walk-") && name !== KEPT).map((name) => caches.delete(name)));
}

/** The newest page while the server answers soon, else the one that was kept: a weak signal must not make a walker wait. */
async function page(request) {
  const kept = await caches.open(KEPT);
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok && !answer.redirected) await kept.put(PAGE, answer.clone());
    return answer;
  });
  const old = await kept.match(PAGE);
  if (!old) return fresh;
  const late = new Promise((resolve) => { setTimeout(() => resolve(old), PATIENCE_MS); });
  const good = fresh.then((answer) => (answer.status >= 500 ? old : answer)).catch(() => old);
  return Promise.race([good, late]);
}

async function file(request) {
  const kept = await caches.open(KEPT);
  return (await kept.match(request)) || fetch(request);
}
