// The page of heat: what is chosen goes to the server as one view and comes back as a picture, numbers and grids.

const G = window.gridpatrol;
const given = JSON.parse(document.getElementById("heat-data").textContent);
const { words } = given;
const page = document.querySelector(".heat");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const field = (name) => page.querySelector(`[name="${name}"]`);
const view = G.readView(given);
const busy = G.busy(page);
const said = G.heatSaid(given, view);

let town = null; // the map, its data and grids, once the ground is drawn
let told = null; // what the server said last about grids
let next = { shown: false, why: "" }; // what it said about the week to come
let picture = null; // what lies on the map as a picture, once there is a map
let numbers = null; // and about time, categories and classes
let shown = null; // the picture that lies on the map: its scale, and how many have no place on it
let frozen = null; // the top of the scale while time is dragged or plays, so that colours go on meaning the same
const legends = new Map();

const comparing = () => G.earlier(view);

/** The address of one of the server's answers for the present view. */
function address(base, more = {}) {
  const fields = G.viewFields(view);
  fields.set("community", given.community);
  const earlier = comparing();
  if (earlier) {
    fields.set("against_since", G.isoDay(earlier.since));
    fields.set("against_until", G.isoDay(earlier.until));
  }
  Object.entries(more).forEach(([name, value]) => value !== null && value !== undefined && fields.set(name, value));
  return `${base}?${fields}`;
}

const [askNumbers, askGrids, askNext, askLegend] = Array.from({ length: 4 }, () => G.asker(failed));

function wait(text, bad = false) {
  const box = part("wait");
  box.hidden = !text;
  box.textContent = text || "";
  box.classList.toggle("bad", bad);
}

function failed(status) {
  wait(status === 401 || status === 403 ? words.signed_out : words.failed, true);
}

function legend() {
  const root = page.querySelector(".heat-legend");
  const earlier = comparing();
  const time = earlier ? G.say(words.against, { now: said.days(view), then: said.days(earlier) }) : said.days(view);
  const floor = numbers && numbers.note;
  if (view.show === "density") {
    const scale = shown && legends.get(shown.key);
    if (!scale) return;
    const unseen = told && !told.stale && told.hatched.some(Boolean);
    const classes = unseen && !scale.ramp ? [...scale.classes, { label: words.nobody_looked, hatch: true }] : scale.classes;
    const elsewhere = shown.elsewhere ? G.say(words.elsewhere, { n: shown.elsewhere.toLocaleString() }) : "";
    const lines = [said.ofWhat(), time, floor, scale.ramp ? G.say(words.reach, { m: shown.reach }) : words.luck, elsewhere, unseen ? words.hatch_is : ""];
    G.heatLegend(root, { ...scale, classes, lines }, null);
    return;
  }
  const figure = told && figureShown();
  if (told && told.why) G.heatLegend(root, { title: words.no_grids, classes: [], lines: [told.why, said.ofWhat(), time] }, null);
  if (!figure) return;
  const hatch = view.show !== "forecast" && told.hatched.some(Boolean) ? [{ label: words.nobody_looked, hatch: true, said: told.unvisited }] : [];
  const light = (kind) => town && town.grids.only(kind);
  G.heatLegend(root, { title: figure.title, classes: [...figure.classes, ...hatch], ramp: false, lines: [figure.note, said.ofWhat(), time, floor] }, light);
}

function figureShown() {
  if (view.show === "forecast") return next.figure || null;
  const wanted = comparing() && view.show === "count" ? "change" : view.show;
  return told.figures.find((one) => one.key === wanted) || told.figures[0] || null;
}

function paint() {
  if (!town || !told) return;
  const figure = view.show === "density" ? null : figureShown();
  const coming = view.show === "forecast";
  const codes = coming && next.code ? next.code : told.code;
  town.grids.paint(figure, coming || told.stale ? [] : told.hatched, codes);
  town.labels.setUnder(G.inOrder(town.data, codes, figure ? figure.text : codes.map(() => "")));
}

function sum() {
  if (!numbers) return;
  page.dataset.total = numbers.total;
  part("sum").textContent = G.say(words.sum, { count: numbers.total.toLocaleString(), since: G.sayDay(view.since), until: G.sayDay(view.until) });
}

/** What numbers say, wherever it is shown. */
function showNumbers() {
  bar.weeks(numbers.floored);
  page.classList.toggle("floored", numbers.floored);
  bar.range(numbers.first, numbers.last);
  bar.bins(numbers.bins);
  bar.set(view.since, view.until);
  narrowed.counts(numbers);
  sum();
}

async function askForNumbers() {
  const answer = await askNumbers(address(given.addresses.numbers));
  if (!answer) return;
  wait("");
  numbers = G.readNumbers(answer, words, view, given.last);
  showNumbers();
  legend();
}

async function askForGrids() {
  const answer = await askGrids(address(given.addresses.grids, { per: view.per }));
  if (!answer) return;
  wait("");
  told = answer;
  await sameGrids();
  paint();
  legend();
  if (!page.querySelector(".heat-table").hidden) table();
  if (card.at() !== null) showCard(card.at());
}

/** Grids are those in force at the end of the time shown: where they were others, the ground is drawn with those. */
async function sameGrids() {
  if (!town || told.code.every((code) => town.grids.codes.includes(code))) return;
  const data = await G.packedGround(`${given.addresses.ground}&day=${G.isoDay(view.until)}`).catch(() => null);
  if (!data) return;
  town.grids.remove();
  town.map.removeLayer(town.labels);
  layGrids(data);
}

/** What comes next, once for each choice of incidents; a page that may not show it says why. */
async function askForForecast() {
  const answer = await askNext(address(given.addresses.forecast));
  if (!answer) return;
  next = answer;
  part("forecast").textContent = next.why;
  part("forecast").hidden = !next.why;
  allowed();
  if (view.show !== "forecast") return;
  paint();
  legend();
}

/** Everything anew; while something is dragged or plays, only what is looked at. */
function refresh(settled = true) {
  write();
  busy(1);
  const reading = view.show !== "density" || card.at() !== null || !page.querySelector(".heat-table").hidden;
  const jobs = [picture && picture.ask()];
  if (reading) jobs.push(askForGrids());
  else if (told) {
    // Who looked where is not known of this time yet.
    told.stale = true;
    paint();
  }
  if (settled) jobs.push(askForNumbers());
  if (settled) rest(reading);
  return Promise.allSettled(jobs).then(() => busy(-1));
}

/** What is not looked at is asked for when nothing else is: who looked where, and whether there is a forecast. */
const REST_MS = 600;
const rest = G.afterwards(busy, REST_MS, (known) => Promise.allSettled([known || askForGrids(), askForForecast()]));

/** Everything anew once keys are no longer pressed one after the other. */
const SOON_MS = 80;
const soon = G.afterwards(busy, SOON_MS, () => refresh());

/** What is looked at while something is dragged: one answer after the other, never a heap of questions. */
const LONGEST_MS = 1500;
const follow = G.oneByOne(() => refresh(false), LONGEST_MS);

function write() {
  const at = town && town.moved ? `${Number(town.map.getZoom().toFixed(2))}/${town.map.getCenter().lat.toFixed(5)}/${town.map.getCenter().lng.toFixed(5)}` : given.at;
  const said = G.writeView(view, given.asked, at);
  history.replaceState(null, "", said ? `?${said}` : location.pathname);
  const file = part("file");
  file.href = address(given.addresses.file);
  narrowed.clears();
  field("since").value = G.isoDay(view.since);
  field("until").value = G.isoDay(view.until);
  page.querySelectorAll("[data-days]").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.days) === view.until - view.since + 1)));
}

/* Time */
const bar = G.timeBar(page.querySelector(".time-bar"), {
  words,
  changed: (since, until, settled) => {
    Object.assign(view, { since, until, timed: true });
    legend();
    sum();
    frozen = settled ? null : frozen || (shown && shown.top);
    if (settled) soon();
    else follow();
  },
});

function setDays(since, until) {
  if (!(since <= until)) return;
  Object.assign(view, { since, until, timed: true });
  bar.set(since, until);
  refresh();
}
["since", "until"].forEach((name) =>
  field(name).addEventListener("change", () => field("since").value && field("until").value && setDays(G.day(field("since").value), G.day(field("until").value)))
);
page.querySelectorAll("[data-days]").forEach((one) => one.addEventListener("click", () => setDays(given.last - Number(one.dataset.days) + 1, given.last)));

G.player(page.querySelector('[data-do="play"]'), {
  words,
  bar,
  begun: () => (frozen = shown && shown.top),
  moved: (since, until) => {
    Object.assign(view, { since, until, timed: true });
    bar.set(since, until);
    legend();
    sum();
    return refresh(false);
  },
  ended: () => {
    frozen = null;
    refresh();
  },
});

/* What is narrowed */
const narrowed = G.heatNarrowed(page, given, view, () => refresh());
page.querySelectorAll('[name="stage"]').forEach((one) => one.addEventListener("change", () => ((view.stage = one.value), refresh())));

/* How it is shown */
function choose(show) {
  view.show = show;
  part("per").hidden = show !== "chance";
  const radio = page.querySelector(`[name="show"][value="${show}"]`);
  if (radio) radio.checked = true;
  paint();
  legend();
  write();
  if (picture) picture.ask();
}
page.querySelectorAll('[name="show"]').forEach((one) => one.addEventListener("change", () => choose(one.value)));
const per = field("per");
per.value = view.per;
per.addEventListener("change", () => ((view.per = per.value), refresh()));
/** Only what can be compared is offered while two times are, and a forecast only where there is one. */
function allowed() {
  const two = Boolean(comparing());
  page.querySelectorAll('[name="show"]').forEach((one) => {
    one.disabled = (two && !["density", "count"].includes(one.value)) || (one.value === "forecast" && !next.shown && next.why !== "");
    if (one.disabled && one.checked) choose("count");
  });
}
G.heatAgainst(page, view, { compared: allowed, changed: () => refresh() });
part("per").hidden = view.show !== "chance";

/* Grids: a card on the map, a table beside it */
const card = G.heatCard(page.querySelector(".heat-card"), words, given.links.grid, () => town && town.grids.mark(null));
function showCard(code) {
  if (!told || !told.code.includes(code)) return;
  town.grids.mark(code);
  card.show(told, code);
}

const tableButton = page.querySelector('[data-do="table"]');
function table() {
  if (!told) return;
  G.heatTable(page.querySelector(".heat-table"), { ...told, caption: `${said.ofWhat()} · ${said.days(view)}` }, words, (i) => {
    showTable(false);
    town.map.fitBounds(town.grids.bounds(told.code[i]), { maxZoom: 17 });
    showCard(told.code[i]);
  });
}
function showTable(yes) {
  page.querySelector(".heat-table").hidden = !yes;
  tableButton.setAttribute("aria-pressed", String(yes));
  if (yes) table();
}
tableButton.addEventListener("click", () => showTable(tableButton.getAttribute("aria-pressed") !== "true"));
const fold = page.querySelector(".heat-fold");
fold.addEventListener("click", () => {
  const open = page.querySelector(".heat-side").classList.toggle("open");
  fold.setAttribute("aria-expanded", String(open));
  fold.textContent = open ? words.fold : words.choose;
});
const place = field("community");
if (place) place.addEventListener("change", () => (location.search = `?community=${encodeURIComponent(place.value)}`));

/* The map */
async function came(headers, seen) {
  wait("");
  const [top, per] = [Number(headers.get("X-Heat-Top")), headers.get("X-Heat-Per")];
  const key = `${per} ${top}`;
  shown = { top, key, elsewhere: Number(headers.get("X-Heat-Elsewhere")), reach: Math.round(Number(headers.get("X-Heat-Reach-M"))) };
  if (!legends.has(key)) {
    const answer = await askLegend(address(given.addresses.numbers, G.pictureFields(seen, top)));
    if (answer && answer.picture) legends.set(key, G.pictureLegend(answer.picture, words));
  }
  legend();
}
function layGrids(data) {
  Object.assign(town, { data, grids: G.heatGrids(town.map, data, showCard), labels: G.heatLabels(town.map, data) });
}

function begin(map, data) {
  const bounds = L.latLngBounds(data.bounds.map((pair) => G.point(pair, data.origin)));
  let fitting = false;
  // Until somebody moves the map it shows all of the ground, below the buttons, however much room the legend leaves.
  const fit = () => {
    fitting = true;
    const legend = page.querySelector(".heat-legend");
    const beside = map.getSize().x > 800 ? legend.offsetLeft + legend.offsetWidth : 0;
    map.fitBounds(bounds, { paddingTopLeft: [12 + beside, 60], paddingBottomRight: [12, 12], animate: false });
    fitting = false;
  };
  town = { map, moved: Boolean(given.at) };
  layGrids(data);
  if (given.at) {
    const [zoom, lat, lon] = given.at.split("/").map(Number);
    map.setView([lat, lon], zoom, { animate: false });
  } else fit();
  map.on("resize", () => town.moved || fit());
  picture = G.heatPicture(map, {
    address: (seen) => (view.show === "density" ? address(given.addresses.picture, G.pictureFields(seen, frozen)) : null),
    came,
    failed,
  });
  map.on("click", card.hide);
  map.on("dragstart zoomstart", () => (town.moved = town.moved || !fitting));
  map.on("moveend", () => town.moved && write());
  if (told) sameGrids().then(paint);
  page.classList.remove("loading");
  page.classList.add("ready");
  picture.ask().then(() => busy(-1));
}
refresh();
busy(1);
G.heatGround(page.querySelector(".heat-map"), `${given.addresses.ground}&day=${G.isoDay(view.until)}`, words, begin, (status) => {
  failed(status);
  busy(-1);
});
