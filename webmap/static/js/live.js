// Who is out now: one stream of events, told as a list and on the map. Whoever is not in an event is gone.

const G = window.gridpatrol;
const given = JSON.parse(document.getElementById("live-data").textContent);
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const MINUTE = 60000;

let walkers = given.walkers;
let ahead = given.now - Date.now();
let town = null;
let marks = new Map();

const now = () => Date.now() + ahead;
const minutes = (ms) => Math.max(0, Math.floor((now() - ms) / MINUTE));
const nameOf = (one) => one.name || G.say(given.words.phone, { n: one.phone });

function span(n) {
  return n < 60 ? G.say(given.words.min, { n }) : G.say(given.words.hours, { h: Math.floor(n / 60), n: n % 60 });
}

/** How long a phone has been silent, in words, and how bad that is. */
function silence(one) {
  const n = minutes(one.heard);
  const [some, long] = given.silent_min;
  if (n >= some) return { text: G.say(given.words.silent, { n }), kind: n >= long ? "bad" : "wait" };
  return { text: n < 1 ? given.words.now : G.say(given.words.minutes, { n }), kind: "good" };
}

function where(one) {
  if (one.near) return given.words.near;
  return one.grid ? G.say(given.words.grid, { n: one.grid.slice(-3) }) : given.words.outside;
}

function row(one, number) {
  const heard = silence(one);
  const low = one.battery !== null && one.battery < given.low_percent;
  const facts = [
    G.make("span", { text: G.say(given.words.since, { time: span(minutes(one.began)) }) }),
    G.make("span", { class: `heard ${heard.kind}`, text: heard.text }),
    one.battery !== null && G.make("span", { class: low ? "battery bad" : "battery", text: `${given.words.battery} ${one.battery} %` }),
  ];
  const place = G.make("span", { class: one.near ? "where quiet" : "where", text: where(one) });
  const line = G.make("li", one.place ? { tabindex: "0", class: "placed" } : {}, [
    G.make("i", { class: "number", text: String(number), "aria-hidden": "true" }),
    G.make("b", { text: nameOf(one) }),
    one.team && G.make("span", { class: "quiet", text: one.team }),
    G.make("p", {}, [place, ...facts]),
  ]);
  if (one.place) {
    const look = () => town && town.map.setView([one.place[1], one.place[0]], Math.max(town.map.getZoom(), 17));
    line.addEventListener("click", look);
    line.addEventListener("keydown", (event) => event.key === "Enter" && look());
  }
  return line;
}

function list() {
  part("count").textContent = String(walkers.length);
  part("empty").hidden = walkers.length > 0;
  const box = part("list");
  const at = [...box.children].indexOf(document.activeElement);
  box.replaceChildren(...walkers.map((one, i) => row(one, i + 1)));
  if (at >= 0 && box.children[at]) box.children[at].focus();
  if (part("why")) part("why").querySelector("button").disabled = !walkers.some((one) => !one.near);
  const more = part("more");
  if (more) {
    const hidden = walkers.filter((one) => !one.near && !one.place).length;
    more.hidden = hidden === 0;
    part("newcomers").textContent = G.say(given.words.newcomers, { n: hidden });
  }
}

/** In each grid how many are out; where positions are shown, a numbered dot for each. */
function picture() {
  if (!town) return;
  const counts = new Map();
  // Who is a dot already is not counted beside it.
  for (const one of walkers) if (one.grid && !one.place) counts.set(one.grid, (counts.get(one.grid) || 0) + 1);
  town.grids.forEach((layer, code) => {
    const count = counts.get(code) || 0;
    layer.setStyle({ fillColor: "#a8121b", fillOpacity: count ? Math.min(0.12 + 0.06 * count, 0.36) : 0 });
    layer.unbindTooltip();
    if (count) layer.bindTooltip(String(count), { permanent: true, direction: "center", className: "live-many" });
  });
  const kept = new Map();
  walkers.forEach((one, i) => {
    if (!one.place) return;
    const spot = [one.place[1], one.place[0]];
    const face = G.make("span", { text: String(i + 1) });
    const icon = L.divIcon({ html: face, className: `live-dot ${silence(one).kind}`, iconSize: [28, 28] });
    const mark = marks.get(one.phone) || L.marker(spot, { keyboard: true, alt: nameOf(one) }).addTo(town.map);
    mark.setLatLng(spot).setIcon(icon).unbindTooltip().bindTooltip(`${nameOf(one)} · ${silence(one).text}`);
    kept.set(one.phone, mark);
  });
  marks.forEach((mark, phone) => kept.has(phone) || mark.remove());
  marks = kept;
}

function show() {
  list();
  picture();
}

function state(text, good) {
  const shown = part("state");
  if (shown.textContent !== text) shown.textContent = text;
  shown.closest(".live-state").classList.toggle("on", good);
}

function listen() {
  const source = new EventSource(given.stream);
  let lost = 0;
  source.addEventListener("open", () => {
    lost = 0;
    state(given.words.live, true);
  });
  source.addEventListener("walkers", (event) => {
    const told = JSON.parse(event.data);
    ahead = told.now - Date.now();
    walkers = told.walkers;
    show();
  });
  source.addEventListener("error", () => {
    lost += 1;
    // Each stream ends after a while and begins again by itself: only one that does not is news.
    if (source.readyState === EventSource.CLOSED) {
      walkers = [];
      show();
      state(given.words.signed_out, false);
    } else if (lost > 1) state(given.words.lost, false);
  });
}

function placeNothing() {
  walkers = walkers.map((one) => ({ ...one, place: null }));
  show();
}

G.quietMap(document.querySelector(".live-map"), given.ground, given.words, (map, data, grids) => {
  town = { map, grids };
  picture();
});
show();
listen();
setInterval(show, 20000);
// What the browser keeps of the page must not show where people were when somebody comes back to it.
addEventListener("pagehide", placeNothing);
addEventListener("pageshow", (event) => event.persisted && location.reload());
