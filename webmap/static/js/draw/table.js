// The live table of grids: only the rows in sight exist, so that five thousand grids scroll like fifty.

const G = window.gridpatrol;
const ROW_PX = 40;
const SPARE = 8;

const ORDERS = {
  code: (a, b) => (a.code < b.code ? -1 : 1),
  households: (a, b) => b.households - a.households,
  incidents: (a, b) => (b.open_incidents || 0) - (a.open_incidents || 0),
};

/** How far a number of households lies outside the band; 0 inside. */
export const beyond = (households, [least, most]) => Math.max(0, least - households, households - most);

/** A bar of households with the band behind it: the longest bar ends at twice the band's upper end. */
export function bandBar(households, [least, most]) {
  const whole = most * 1.6 || 1;
  const share = (value) => `${Math.min(100, (100 * value) / whole).toFixed(1)}%`;
  const zone = G.make("i", { class: "zone" });
  zone.style.left = share(least);
  zone.style.width = `${((100 * (most - least)) / whole).toFixed(1)}%`;
  const fill = G.make("b", { class: households < least ? "under" : households > most ? "over" : "" });
  fill.style.width = share(households);
  return G.make("span", { class: "band", "aria-hidden": "true" }, [zone, fill]);
}

export class Table {
  constructor(root, desk) {
    Object.assign(this, { root, desk, order: "code", filter: "", rows: [] });
    this.scroller = root.querySelector("[data-scroller]");
    this.body = root.querySelector("tbody");
    this.strip = root.querySelector("[data-strip]");
    this.scroller.addEventListener("scroll", () => this.ask());
    new ResizeObserver(() => {
      this.ask();
      this.paintStrip();
    }).observe(this.scroller);
    root.querySelector("[data-filter]").addEventListener("input", (event) => {
      this.filter = event.target.value.trim().toLowerCase();
      this.fill();
    });
    root.querySelectorAll("[data-order]").forEach((head) =>
      head.addEventListener("click", () => {
        this.order = head.dataset.order;
        this.scroller.scrollTop = 0;
        root.querySelectorAll("[data-order]").forEach((one) => one.closest("th").setAttribute("aria-sort", one === head ? "ascending" : "none"));
        this.fill();
      })
    );
    this.body.addEventListener("click", (event) => this.clicked(event));
    this.scroller.addEventListener("keydown", (event) => this.pressed(event));
    this.strip.addEventListener("click", (event) => this.strippedAt(event));
  }

  fill() {
    const { draft } = this.desk;
    const wanted = (row) => !this.filter || row.code.toLowerCase().includes(this.filter) || (row.name || "").toLowerCase().includes(this.filter);
    const rows = [...draft.rows.values()].filter(wanted);
    const by = ORDERS[this.order] || ((a, b) => beyond(b.households, draft.band) - beyond(a.households, draft.band));
    rows.sort((a, b) => by(a, b) || ORDERS.code(a, b));
    this.rows = rows;
    this.flawed = new Map();
    for (const flaw of draft.flaws) {
      if (flaw.accepted) continue;
      for (const code of [flaw.grid_code, flaw.other_code]) if (code && this.flawed.get(code) !== "error") this.flawed.set(code, flaw.severity);
    }
    this.summary();
    this.paintStrip();
    this.show();
  }

  summary() {
    const { draft, words, say } = this.desk;
    const tiling = [...draft.rows.values()].filter((row) => row.kind !== "special");
    const out = tiling.filter((row) => beyond(row.households, draft.band)).length;
    const set = (name, text) => (this.root.querySelector(`[data-sum=${name}]`).textContent = text);
    set("grids", say(words.sum_grids, { grids: tiling.length }));
    set("band", say(words.sum_band, { least: draft.band[0], most: draft.band[1] }));
    const outside = this.root.querySelector("[data-sum=out]");
    outside.textContent = out ? say(words.sum_out, { out }) : words.sum_all_in;
    outside.classList.toggle("bad", out > 0);
    this.root.querySelector("[data-empty]").hidden = this.rows.length > 0;
    this.root.querySelector("table").setAttribute("aria-rowcount", String(this.rows.length + 1));
  }

  /** Each grid a tick on the line of households, the band behind. */
  paintStrip() {
    const { draft } = this.desk;
    if (!draft.band) return;
    const sharp = window.devicePixelRatio || 1;
    const [wide, high] = [this.strip.clientWidth, this.strip.clientHeight];
    this.strip.width = wide * sharp;
    this.strip.height = high * sharp;
    const context = this.strip.getContext("2d");
    context.scale(sharp, sharp);
    const [least, most] = draft.band;
    const rows = [...draft.rows.values()].filter((row) => row.kind !== "special");
    this.most = Math.max(most * 1.35, ...rows.map((row) => row.households)) * 1.03;
    const at = (households) => 4 + (households / this.most) * (wide - 8);
    context.fillStyle = "#e1f3ec";
    context.fillRect(at(least), 0, at(most) - at(least), high - 14);
    context.fillStyle = "#00614a";
    context.font = "11px sans-serif";
    for (const [value, align] of [[least, "end"], [most, "start"]]) {
      context.textAlign = align;
      context.fillText(String(value), at(value), high - 2);
      context.fillRect(at(value) - 0.5, 0, 1, high - 12);
    }
    // Where thousands stand side by side, each is fainter: the crowd shows where most are.
    const faint = Math.max(0.06, Math.min(0.55, 60 / rows.length));
    for (const row of rows) {
      const picked = this.desk.view.picked.includes(row.code);
      context.fillStyle = picked ? "#1d2129" : beyond(row.households, draft.band) ? `rgba(168,18,27,${faint + 0.3})` : `rgba(0,97,74,${faint})`;
      context.fillRect(at(row.households) - (picked ? 2 : 1), picked ? 0 : 5, picked ? 4 : 2, high - (picked ? 14 : 24));
    }
  }

  strippedAt(event) {
    const wanted = ((event.offsetX - 4) / (this.strip.clientWidth - 8)) * this.most;
    const rows = [...this.desk.draft.rows.values()].filter((row) => row.kind !== "special");
    rows.sort((a, b) => Math.abs(a.households - wanted) - Math.abs(b.households - wanted));
    if (rows.length) this.desk.pick(rows[0].code, true);
  }

  ask() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.show();
    });
  }

  show() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / ROW_PX) + SPARE);
    const spacer = (rows) => {
      const row = G.make("tr", { "aria-hidden": "true", class: "spacer" }, [G.make("td", { colspan: "3" })]);
      row.style.height = rows * ROW_PX + "px";
      return row;
    };
    const shown = this.rows.slice(first, last).map((row, i) => this.row(row, first + i));
    this.body.replaceChildren(spacer(first), ...shown, spacer(this.rows.length - last));
  }

  row(row, at) {
    const { draft, picture, words, view } = this.desk;
    const swatch = G.make("i", { class: "swatch" + (row.kind === "special" ? " special" : ""), colour: picture.colour(row.code) });
    const flaw = this.flawed.get(row.code);
    const mark = flaw ? G.make("em", { class: "flaw " + flaw, title: words["severity_" + flaw], text: flaw === "error" ? "▲" : "●" }) : null;
    const said = G.make("span", { class: beyond(row.households, draft.band) && row.kind !== "special" ? "number bad" : "number", text: String(row.households) });
    const cells = [
      G.make("th", { scope: "row" }, [swatch, G.make("span", { text: this.desk.short(row.code) }), mark]),
      G.make("td", { class: "name", text: row.name || "", title: row.name || "" }),
      G.make("td", {}, [G.make("div", { class: "households" }, row.kind === "special" ? [said] : [said, bandBar(row.households, draft.band)])]),
      G.make("td", { class: "number", text: row.open_incidents == null ? "–" : String(row.open_incidents) }),
    ];
    return G.make("tr", { "data-code": row.code, "aria-rowindex": String(at + 2), "aria-selected": String(view.picked.includes(row.code)) }, cells);
  }

  /** One click chooses, two show it large. Rows are made anew by the first, so no "dblclick" would ever come. */
  clicked(event) {
    const row = event.target.closest("tr[data-code]");
    if (row) this.desk.pick(row.dataset.code, event.detail > 1 || !this.desk.inSight(row.dataset.code));
  }

  pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (event.key === "Enter" && this.desk.brush()) this.desk.look(this.desk.brush());
    if (!step || !this.rows.length) return;
    event.preventDefault();
    const now = this.rows.findIndex((row) => row.code === this.desk.brush());
    const next = Math.max(0, Math.min(this.rows.length - 1, now + step));
    this.desk.pick(this.rows[next].code, !this.desk.inSight(this.rows[next].code));
  }

  reveal(code) {
    const at = this.rows.findIndex((row) => row.code === code);
    if (at < 0) return;
    const head = this.root.querySelector("thead").offsetHeight;
    const top = at * ROW_PX;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW_PX + head > this.scroller.scrollTop + this.scroller.clientHeight) this.scroller.scrollTop = top + ROW_PX + head - this.scroller.clientHeight;
  }
}
