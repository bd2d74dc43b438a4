// The page of heat: what is chosen goes to the server as one view and comes back as a picture, numbers and grids.

const G = window.gridpatrol;
const given = JSON.parse(document.getElementById("heat-data").textContent);
const { words } = given;
const page = document.querySelector(".heat");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const field = (name) => page.querySelector(`[name="${name}"]`);
const view = G.readView(given);
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const PAUSE_MS = 650;
let town = null; // the map, its data and grids, once the ground is drawn
let told = null; // what the server said last about grids
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

/** Asks for JSON; a newer question stops the older one, whose answer is then nothing. */
function asker() {
  let stop = null;
  return async (where) => {
    if (stop) stop.abort();
    const mine = (stop = new AbortController());
    try {
      const answer = await fetch(where, { credentials: "same-origin", signal: mine.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      return await answer.json();
    } catch (error) {
      if (mine.signal.aborted) return null;
      failed(Number(error.message) || 0);
      return null;
    }
  };
}
const askNumbers = asker();
const askGrids = asker();

function wait(text, bad = false) {
  const box = part("wait");
  box.hidden = !text;
  box.textContent = text || "";
  box.classList.toggle("bad", bad);
}

function failed(status) {
  wait(status === 401 || status === 403 ? words.signed_out : words.failed, true);
}

/** Which incidents, in words: kinds, who found them, hours; then the days. */
function ofWhat() {
  const names = (keys, known) => keys.map((key) => (known.find((one) => one.key === key) || { name: key }).name);
  const kinds = [...names(view.family, given.families), ...names(view.category, given.categories)];
  const said = [kinds.length ? kinds.slice(0, 3).join(words.comma) + (kinds.length > 3 ? " …" : "") : words.all_categories];
  if (view.source.length) said.push(names(view.source, given.sources).join(words.comma));
  if (view.weekdays.length) said.push(view.weekdays.map((day) => given.days[day - 1]).join(words.comma));
  if (view.hours.length) said.push(G.say(words.hours, { n: view.hours.length }));
  if (view.stage !== "all") said.push(given.stages[view.stage]);
  return said.join(" · ");
}

function days(span) {
  return G.say(words.from_until, { since: G.sayDay(span.since), until: G.sayDay(span.until) });
}

function legend() {
  const root = page.querySelector(".heat-legend");
  const earlier = comparing();
  const time = earlier ? G.say(words.against, { now: days(view), then: days(earlier) }) : days(view);
  const floor = numbers && numbers.note;
  if (view.show === "density") {
    const scale = shown && legends.get(shown.key);
    if (!scale) return;
    const unseen = told && told.hatched.some(Boolean);
    const classes = unseen && !scale.ramp ? [...scale.classes, { label: words.nobody_looked, hatch: true }] : scale.classes;
    const elsewhere = shown.elsewhere ? G.say(words.elsewhere, { n: shown.elsewhere.toLocaleString() }) : "";
    const lines = [ofWhat(), time, floor, scale.ramp ? G.say(words.reach, { m: shown.reach }) : words.luck, elsewhere, unseen ? words.hatch_is : ""];
    G.heatLegend(root, { ...scale, classes, lines }, null);
    return;
  }
  const figure = told && figureShown();
  if (told && told.why) G.heatLegend(root, { title: words.no_grids, classes: [], lines: [told.why, ofWhat(), time] }, null);
  if (!figure) return;
  const hatch = view.show !== "forecast" && told.hatched.some(Boolean) ? [{ label: words.nobody_looked, hatch: true, said: told.unvisited }] : [];
  const light = (kind) => town && town.grids.only(kind);
  G.heatLegend(root, { title: figure.title, classes: [...figure.classes, ...hatch], ramp: false, lines: [figure.note, ofWhat(), time, floor] }, light);
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
  town.grids.paint(figure, coming ? [] : told.hatched, codes);
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
  week.counts(numbers.week);
  categories.rows(given.categories.map((one) => ({ ...one, count: numbers.categories[one.key] ?? null })).filter((one) => one.count || view.category.includes(one.key) || view.family.includes(one.key.slice(7))));
  sources.rows(given.sources.map((one) => ({ ...one, count: numbers.sources[one.key] ?? null })));
  sum();
}

async function askForNumbers() {
  const answer = await askNumbers(address(given.addresses.numbers));
  if (!answer) return;
  numbers = G.readNumbers(answer, words, view, given.last);
  showNumbers();
  legend();
}

async function askForGrids() {
  const answer = await askGrids(address(given.addresses.grids, { per: view.per }));
  if (!answer) return;
  told = answer;
  await sameGrids();
  paint();
  legend();
  if (!page.querySelector(".heat-table").hidden) table();
  if (card.at !== null && told.code.includes(card.at)) showCard(card.at);
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
let next = { shown: false, why: "" };
const askNext = asker();
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

/** Whether answers are awaited, for those who listen to the page, and for whoever drives it. */
let awaited = 0;
function busy(more) {
  awaited += more;
  page.setAttribute("aria-busy", String(awaited > 0));
}

/** Everything anew; while something is dragged or plays, only what is looked at. */
let pending = null;
function refresh(settled = true) {
  write();
  busy(1);
  const jobs = [picture ? picture.ask() : null];
  if (view.show !== "density" || settled) jobs.push(askForGrids());
  if (settled) jobs.push(askForNumbers(), askForForecast());
  pending = Promise.allSettled(jobs).then(() => busy(-1));
  return pending;
}

/** The same once keys are no longer pressed one after the other. */
const SOON_MS = 80;
let timer = null;
function soon() {
  if (timer) clearTimeout(timer);
  else busy(1);
  timer = setTimeout(() => {
    timer = null;
    refresh();
    busy(-1);
  }, SOON_MS);
}

/** While something is dragged: one answer after the other, never a heap of questions. */
let moving = false;
let again = false;
async function follow() {
  if (moving) {
    again = true;
    return;
  }
  moving = true;
  await Promise.race([refresh(false), new Promise((go) => setTimeout(go, 1500))]);
  moving = false;
  if (again) {
    again = false;
    follow();
  }
}

function write() {
  const at = town && town.moved ? `${Number(town.map.getZoom().toFixed(2))}/${town.map.getCenter().lat.toFixed(5)}/${town.map.getCenter().lng.toFixed(5)}` : given.at;
  const said = G.writeView(view, given.asked, at);
  history.replaceState(null, "", said ? `?${said}` : location.pathname);
  const file = part("file");
  file.href = address(given.addresses.file);
  clears();
  field("since").value = G.isoDay(view.since);
  field("until").value = G.isoDay(view.until);
  page.querySelectorAll("[data-days]").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.days) === view.until - view.since + 1)));
}

function clears() {
  const set = { week: view.hours.length + view.weekdays.length, category: view.category.length + view.family.length, source: view.source.length };
  Object.entries(set).forEach(([name, count]) => (page.querySelector(`[data-clear="${name}"]`).hidden = !count));
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

const play = page.querySelector('[data-do="play"]');
let playing = false;
function stop() {
  playing = false;
  frozen = null;
  play.setAttribute("aria-pressed", "false");
  play.querySelector("span").textContent = words.play;
  play.querySelector("path").setAttribute("d", "M7 4v16l13-8z");
}
async function run() {
  const span = bar.value();
  const long = span.until - span.since + 1;
  // A step so short that one picture still holds half of what the one before it held.
  const step = long > 120 ? 28 : long > 13 ? 7 : 1;
  if (span.until + step > span.last) bar.shift(-1e6);
  frozen = shown && shown.top;
  while (playing) {
    await Promise.race([pending, new Promise((go) => setTimeout(go, 4000))]);
    await new Promise((go) => setTimeout(go, still ? 2 * PAUSE_MS : PAUSE_MS));
    const now = bar.value();
    if (!playing || now.until >= now.last) break;
    const by = Math.min(step, now.last - now.until);
    Object.assign(view, { since: now.since + by, until: now.until + by, timed: true });
    bar.set(view.since, view.until);
    legend();
    sum();
    refresh(false);
  }
  const whole = playing;
  stop();
  if (whole) refresh();
}
play.addEventListener("click", () => {
  if (playing) {
    stop();
    refresh();
    return;
  }
  playing = true;
  play.setAttribute("aria-pressed", "true");
  play.querySelector("span").textContent = words.pause;
  play.querySelector("path").setAttribute("d", "M6 4h4v16H6zM14 4h4v16h-4z");
  run();
});

/* What is narrowed */
const week = G.weekTable(page.querySelector(".heat-week"), {
  words,
  days: given.days,
  changed: (hours, weekdays) => (Object.assign(view, { hours, weekdays }), refresh()),
});
week.set(view.hours, view.weekdays);
const categories = G.facets(part("categories"), {
  words,
  few: 7,
  changed: (keys) => {
    view.family = keys.filter((key) => key.startsWith("family:")).map((key) => key.slice(7));
    view.category = keys.filter((key) => !key.startsWith("family:"));
    refresh();
  },
});
categories.set([...view.family.map((one) => `family:${one}`), ...view.category]);
const sources = G.facets(part("sources"), { words, few: 8, changed: (keys) => ((view.source = keys), refresh()) });
sources.set(view.source);
page.querySelectorAll("[data-clear]").forEach((one) =>
  one.addEventListener("click", () => {
    if (one.dataset.clear === "week") Object.assign(view, { hours: [], weekdays: [] });
    else if (one.dataset.clear === "category") Object.assign(view, { category: [], family: [] });
    else view.source = [];
    week.set(view.hours, view.weekdays);
    categories.set([...view.family.map((family) => `family:${family}`), ...view.category]);
    sources.set(view.source);
    refresh();
  })
);
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
const against = field("against");
against.value = view.against.kind;
/** Only what can be compared is offered while two times are, and a forecast only where there is one. */
function allowed() {
  const two = Boolean(comparing());
  page.querySelectorAll('[name="show"]').forEach((one) => {
    one.disabled = (two && !["density", "count"].includes(one.value)) || (one.value === "forecast" && !next.shown && next.why !== "");
    if (one.disabled && one.checked) choose("count");
  });
}
function compared() {
  part("own").hidden = view.against.kind !== "own";
  allowed();
}
against.addEventListener("change", () => {
  const before = G.earlier({ ...view, against: { kind: "before" } });
  view.against = { kind: against.value, since: G.isoDay(before.since), until: G.isoDay(before.until) };
  field("against_since").value = view.against.since;
  field("against_until").value = view.against.until;
  compared();
  refresh();
});
["since", "until"].forEach((name) => {
  field(`against_${name}`).value = view.against[name] || "";
  field(`against_${name}`).addEventListener("change", () => {
    view.against[name] = field(`against_${name}`).value;
    if (comparing()) refresh();
  });
});
compared();
part("per").hidden = view.show !== "chance";

/* Grids: a card on the map, a table beside it */
const card = { at: null };
function showCard(code) {
  const i = told ? told.code.indexOf(code) : -1;
  if (i < 0) return;
  const box = page.querySelector(".heat-card");
  card.at = code;
  town.grids.mark(code);
  const close = G.make("button", { type: "button", class: "close", "aria-label": words.close, text: "×" });
  close.addEventListener("click", hideCard);
  const known = told.columns.filter((one) => one.text[i]);
  const rows = known.filter((one) => one.number).flatMap((one) => [G.make("dt", { text: one.title }), G.make("dd", { text: one.text[i] })]);
  const said = known.filter((one) => !one.number).map((one) => G.make("p", { text: `${one.title} ${one.text[i]}` }));
  box.replaceChildren(
    close,
    G.make("p", { class: "quiet", text: code }),
    G.make("h2", { text: told.title[i] }),
    told.seen[i] ? G.make("p", { text: told.seen[i] }) : "",
    G.make("dl", {}, rows),
    ...said,
    G.make("a", { href: given.links.grid + encodeURIComponent(code), text: words.open_card })
  );
  box.hidden = false;
}
function hideCard() {
  card.at = null;
  if (town) town.grids.mark(null);
  page.querySelector(".heat-card").hidden = true;
}

const tableButton = page.querySelector('[data-do="table"]');
function table() {
  if (!told) return;
  G.heatTable(page.querySelector(".heat-table"), { ...told, caption: `${ofWhat()} · ${days(view)}` }, words, (i) => {
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
let picture = null;
const askLegend = asker();
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
  // Until somebody moves the map it shows all of the ground, however much room the legend leaves.
  const fit = () => {
    fitting = true;
    const legend = page.querySelector(".heat-legend");
    const beside = map.getSize().x > 800 ? legend.offsetLeft + legend.offsetWidth : 0;
    map.fitBounds(bounds, { paddingTopLeft: [12 + beside, 12], paddingBottomRight: [12, 12], animate: false });
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
  map.on("click", hideCard);
  map.on("dragstart zoomstart", () => (town.moved = town.moved || !fitting));
  map.on("moveend", () => town.moved && write());
  if (told) sameGrids().then(paint);
  page.classList.remove("loading");
  page.classList.add("ready");
  picture.ask().then(() => busy(-1));
}
refresh();
busy(1);
G.heatGround(page.querySelector(".heat-map"), `${given.addresses.ground}&day=${G.isoDay(view.until)}`, words, begin, failed);
