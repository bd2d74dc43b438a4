// A patrol over again: a slider in seconds, a walker on the map, what was walked so far, and what nobody knows.

const G = window.gridpatrol;
const given = JSON.parse(document.getElementById("replay-data").textContent);
const page = document.querySelector(".replay");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const slider = page.querySelector("input[type=range]");
const strip = page.querySelector("canvas");
const button = page.querySelector("[data-do=play]");
const { kept, left_out: out, stops } = given;
const all = [...kept.second, ...out.second];
const last = Math.max(1, Math.ceil(Math.max(...all)));
const STEP_MS = 50;
const COLOURS = { way: "#0b4a80", gap: "#a8121b", stop: "#8a5a00", out: "#a8121b" };

const spot = (from, i) => [from.lat[i], from.lon[i]];
const clock = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: given.timezone || "Asia/Shanghai" });
const timeOf = (second) => clock.format(new Date(given.begin_ms + second * 1000));

/** Index of the last kept fix at or before a second; -1 before the first. */
function before(second) {
  let [low, high] = [0, kept.second.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (kept.second[middle] <= second) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Runs of kept fixes without a gap: [from, until) each. */
function runs() {
  const found = [];
  kept.second.forEach((_, i) => {
    if (i === 0 || kept.gap[i]) found.push([i, i + 1]);
    else found[found.length - 1][1] = i + 1;
  });
  return found;
}

/** Where the walker is: between two fixes on the straight way; in a gap nowhere. */
function place(second) {
  const i = before(second);
  if (i < 0) return null;
  const next = i + 1;
  if (next >= kept.second.length || kept.second[next] === kept.second[i]) return { spot: spot(kept, i), gap: false };
  if (kept.gap[next]) return second > kept.second[i] ? { spot: spot(kept, i), gap: true } : { spot: spot(kept, i), gap: false };
  const share = (second - kept.second[i]) / (kept.second[next] - kept.second[i]);
  const [a, b] = [spot(kept, i), spot(kept, next)];
  return { spot: [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])], gap: false };
}

function marker(where, kind, said) {
  return L.marker(where, { icon: L.divIcon({ className: `replay-mark ${kind}`, iconSize: [14, 14] }), keyboard: false, alt: said }).bindTooltip(said);
}

function draw(map) {
  const quiet = { interactive: false, color: COLOURS.way, weight: 3, opacity: 0.28 };
  const ways = runs();
  ways.forEach(([from, until]) => {
    const line = [];
    for (let i = from; i < until; i += 1) line.push(spot(kept, i));
    L.polyline(line, quiet).addTo(map);
    if (from > 0) {
      const gap = [spot(kept, from - 1), spot(kept, from)];
      L.polyline(gap, { color: COLOURS.gap, weight: 2, dashArray: "2 7" }).bindTooltip(given.words.gap).addTo(map);
    }
  });
  out.second.forEach((second, i) => {
    if (!out.lat[i] && !out.lon[i]) return;
    const rule = given.rules[out.rule[i]] || out.rule[i];
    const said = `${G.say(given.words.left_out, { rule })}, ${timeOf(second)}`;
    L.circleMarker(spot(out, i), { radius: 3, weight: 1.2, color: COLOURS.out, fillColor: "#fff", fillOpacity: 1 }).bindTooltip(said).addTo(map);
  });
  stops.forEach(([from, until, lon, lat]) => {
    const n = Math.max(1, Math.round((until - from) / 60));
    marker([lat, lon], "stop", `${G.say(given.words.stop, { n })}, ${timeOf(from)}`).addTo(map);
  });
  const seen = L.polyline([], { interactive: false, color: COLOURS.way, weight: 5, opacity: 0.95 }).addTo(map);
  const walker = marker(spot(kept, 0), "walker", given.words.at).addTo(map);
  walker.unbindTooltip();
  const bounds = L.latLngBounds(kept.lat.map((_, i) => spot(kept, i)));
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [32, 32], maxZoom: 18 });
  return { map, seen, walker, ways };
}

/** The time line under the slider: walked, stood, silent, and a tick for each fix that was left out. */
function drawStrip() {
  const wide = strip.clientWidth * devicePixelRatio;
  const high = strip.clientHeight * devicePixelRatio;
  strip.width = wide;
  strip.height = high;
  const context = strip.getContext("2d");
  const box = (from, until, colour, top, tall) => {
    context.fillStyle = colour;
    context.fillRect((from / last) * wide, top * high, Math.max(1, ((until - from) / last) * wide), tall * high);
  };
  box(0, last, "#e5e7ea", 0.3, 0.4);
  runs().forEach(([from, until]) => box(kept.second[from], kept.second[until - 1], COLOURS.way, 0.3, 0.4));
  stops.forEach(([from, until]) => box(from, until, "#e0a33a", 0.3, 0.4));
  out.second.forEach((second) => box(second, second, COLOURS.out, 0, 0.25));
}

let drawn = null;
let timer = null;

function say(second) {
  const here = place(second);
  const stop = stops.find(([from, until]) => from <= second && second <= until);
  const dropped = out.second.findIndex((one) => Math.abs(one - second) < 5);
  if (here && here.gap) return given.words.gap;
  if (stop) return G.say(given.words.stop, { n: Math.max(1, Math.round((stop[1] - stop[0]) / 60)) });
  if (dropped >= 0) return G.say(given.words.left_out, { rule: given.rules[out.rule[dropped]] || out.rule[dropped] });
  return "";
}

function show() {
  const second = Number(slider.value);
  part("time").textContent = timeOf(second);
  slider.setAttribute("aria-valuetext", timeOf(second));
  const said = say(second);
  if (part("said").textContent !== said) part("said").textContent = said;
  const here = place(second);
  if (!drawn || !here) return;
  drawn.walker.setLatLng(here.spot);
  drawn.walker.getElement()?.classList.toggle("lost", here.gap);
  const until = before(second);
  const lines = drawn.ways
    .filter(([from]) => from <= until)
    .map(([from, end]) => {
      const line = [];
      for (let i = from; i < Math.min(end, until + 1); i += 1) line.push(spot(kept, i));
      if (end > until + 1 && !here.gap) line.push(here.spot);
      return line;
    });
  drawn.seen.setLatLngs(lines);
  if (timer && !drawn.map.getBounds().pad(-0.08).contains(here.spot)) drawn.map.panTo(here.spot);
}

function pause() {
  clearInterval(timer);
  timer = null;
  button.textContent = given.words.play;
  button.setAttribute("aria-pressed", "false");
}

function play() {
  if (Number(slider.value) >= last) slider.value = "0";
  button.textContent = given.words.pause;
  button.setAttribute("aria-pressed", "true");
  let at = Number(slider.value);
  let then = performance.now();
  timer = setInterval(() => {
    const moment = performance.now();
    at = Math.min(last, at + ((moment - then) / 1000) * Number(page.querySelector("select").value));
    then = moment;
    slider.value = String(Math.round(at));
    show();
    if (at >= last) pause();
  }, STEP_MS);
}

slider.max = String(last);
slider.addEventListener("input", () => {
  if (timer) pause();
  show();
});
button.addEventListener("click", () => (timer ? pause() : play()));
addEventListener("resize", drawStrip);
drawStrip();
show();
G.quietMap(page.querySelector(".replay-map"), given.ground, given.words, (map) => {
  if (kept.second.length) drawn = draw(map);
  show();
});
