// The desk: map, draft, tool in hand and what is chosen, brought together; everything else asks it and tells it.

import { Card } from "draw/card.js";
import { Flaws } from "draw/flaws.js";
import { unproject } from "draw/geometry.js";
import { Hand } from "draw/hand.js";
import { History, clock, tellEdit } from "draw/history.js";
import { Cut, Give, Reshape, Special } from "draw/lines.js";
import { Picture } from "draw/picture.js";
import { Table } from "draw/table.js";
import { Choose, Merge, Paint } from "draw/tools.js";
import { Vertex } from "draw/vertex.js";

const G = window.gridpatrol;
const NEWS_MS = 9000;
const NAME_PX = 22;

/** How far from the map's edges the grids keep, so that nothing that lies over it hides them. */
export function room(page, margin = 16) {
  const [map, top, hint, foot] = [".draw-map", ".draw-top", ".draw-hint", ".draw-foot"].map((name) => page.querySelector(name).getBoundingClientRect());
  const floor = hint.height ? Math.min(hint.top, foot.top) : foot.top;
  return { paddingTopLeft: [margin, top.bottom - map.top + margin / 2], paddingBottomRight: [margin, map.bottom - floor + margin / 2] };
}

/** The zoom from which a grid is wide enough for its number. */
const namedFrom = (box) => Math.log2(NAME_PX / Math.max(box[2] - box[0], box[3] - box[1], 1e-9));

export class Desk {
  constructor(page, map, draft, words) {
    Object.assign(this, { page, map, draft, words, ground: null, say: G.say });
    this.view = { picked: [], colourBy: "apart", showBlocks: false, snap: true, ghost: null, flaw: null, flawSpots: [] };
    this.picture = new Picture(map, draft, this.view);
    this.labels = new G.Labels([]);
    map.addLayer(this.labels);
    this.tools = {
      choose: new Choose(this), paint: new Paint(this), cut: new Cut(this), merge: new Merge(this),
      reshape: new Reshape(this), vertex: new Vertex(this), give: new Give(this), special: new Special(this),
    };
    this.hand = new Hand(map, () => this.show());
    const part = (name) => page.querySelector(`[data-part=${name}]`);
    this.parts = Object.fromEntries(["hint", "readout", "status", "news", "count"].map((name) => [name, part(name)]));
    this.table = new Table(part("grids"), this);
    this.card = new Card(part("card"), this);
    this.flaws = new Flaws(part("flaws"), this.parts.count, this);
    this.history = new History(part("history"), this);
    this.listen();
  }

  listen() {
    const { draft } = this;
    draft.addEventListener("shapes", () => this.shapes());
    draft.addEventListener("table", () => this.refill());
    draft.addEventListener("blocks", () => this.again("borders", "doing"));
    draft.addEventListener("state", () => this.show());
    draft.addEventListener("done", ({ detail }) => this.done(detail));
    draft.addEventListener("trouble", ({ detail }) => this.complain(detail.problem.message, detail.problem.status === 0));
    draft.addEventListener("refused", () => this.showRefused());
    draft.addEventListener("news", ({ detail }) => this.showNews(detail));
  }

  mayChange() {
    return this.draft.stage === "draft";
  }

  short(code) {
    return code.length > 12 ? code.slice(12) : code;
  }

  brush() {
    const [code] = this.view.picked;
    return code && this.draft.grids.has(code) ? code : null;
  }

  pick(code, look = false) {
    this.view.picked = code ? [code] : [];
    this.again("borders", "doing");
    this.table.show();
    this.table.paintStrip();
    this.card.show();
    // After the card, which takes some of the table's room.
    if (code) this.table.reveal(code);
    if (code && look) this.look(code);
    this.show();
  }

  box(codes) {
    const [west, north, east, south] = this.draft.boxOf(codes);
    const [a, b] = [unproject(west, north), unproject(east, south)];
    return L.latLngBounds([a[1], a[0]], [b[1], b[0]]);
  }

  inSight(code) {
    return this.draft.grids.has(code) && this.map.getBounds().intersects(this.box([code]));
  }

  look(code) {
    if (this.draft.grids.has(code)) this.lookAt([code]);
  }

  lookAt(codes) {
    this.map.fitBounds(this.box(codes), { maxZoom: 17.5, ...room(this.page, 40) });
  }

  lookAtAll(padding = room(this.page)) {
    if (this.draft.grids.size) this.map.fitBounds(this.box(this.draft.grids.keys()), padding);
  }

  take(name) {
    const tool = this.tools[name];
    if (!tool || (name !== "choose" && !this.mayChange())) return;
    this.view.ghost = null;
    if (!this.draft.refused && !this.draft.offline) this.quiet();
    this.name = name;
    this.hand.hold(tool);
    this.picture.tool = tool;
    this.page.dataset.tool = name;
    for (const button of this.page.querySelectorAll("[data-tool]")) {
      if (button !== this.page) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    }
    this.again();
    this.show();
  }

  get tool() {
    return this.tools[this.name];
  }

  needBlocks() {
    if (this.asked) return;
    this.asked = this.draft.loadBlocks().catch((problem) => {
      this.asked = null;
      this.complain(problem.message);
    });
  }

  edit(kind, given, ghost) {
    const made = this.draft.edit(kind, given, ghost);
    this.again("doing");
    return made;
  }

  async accept(key, reason) {
    try {
      await this.draft.accept(key, reason);
    } catch (problem) {
      this.complain(problem.message);
    }
  }

  specialName() {
    const field = this.page.querySelector("[data-special-name]");
    const name = field.value.trim() || this.words.special_name;
    field.value = "";
    return name;
  }

  again(...names) {
    this.picture.again(...names);
  }

  shapes() {
    this.relabel();
    if (this.view.picked.length && !this.brush()) this.pick(null);
    this.again("fill", "borders", "doing");
  }

  relabel() {
    const grids = [...this.draft.grids.values()].sort((a, b) => (a.kind === "special") - (b.kind === "special"));
    const names = grids.map((grid) => {
      const [point, ...others] = grid.shape.spots().map((spot) => unproject(...spot).reverse());
      const row = this.draft.rows.get(grid.code);
      return { kind: "grid", text: this.short(grid.code), under: row ? String(row.households) : "", point, others, later: namedFrom(grid.shape.box) };
    });
    this.labels.labels = [...names, ...(this.placeNames || [])];
    if (this.map._loaded) this.labels.redraw();
  }

  refill() {
    this.table.fill();
    this.card.show();
    this.flaws.fill();
    this.relabel();
    this.again("fill", "borders");
    if (this.shown === "history") this.history.fill();
  }

  /** After a change is stored: a new grid becomes the chosen one, so that the next stroke goes on with it. */
  done({ edit, changed }) {
    const { body } = edit;
    if (body?.kind === "paint" && !body.to && changed.length) {
      const grown = changed.filter((code) => !this.known.has(code));
      if (grown.length) this.pick(grown[0]);
    }
    if (this.asked && body?.kind !== "rename") this.again("doing");
    this.known = new Set(this.draft.grids.keys());
    this.quiet();
  }

  /** Where the hand is: the grid, its households, and what painting would make of them. */
  point(place, blocks = null) {
    this.again("doing");
    const { words, draft } = this;
    if (!place) return (this.parts.readout.textContent = "");
    const code = draft.gridAt(place.x, place.y);
    const row = code && draft.rows.get(code);
    let text = row ? this.say(words.readout, { grid: this.short(code), name: row.name || "", households: row.households }).replace(/\s+/g, " ") : words.outside;
    if (blocks) text += " · " + this.forecast(blocks);
    this.parts.readout.textContent = text;
  }

  forecast(blocks) {
    const { words, draft } = this;
    let all = 0;
    let gained = 0;
    const brush = this.brush();
    for (const number of blocks) {
      const households = draft.blocks.get(number)?.households || 0;
      all += households;
      if (draft.gridOf(number) !== brush) gained += households;
    }
    const row = brush && draft.rows.get(brush);
    if (!row || !gained) return this.say(words.readout_block, { households: all });
    return this.say(words.readout_gain, { households: all, grid: this.short(brush), before: row.households, after: row.households + gained });
  }

  show() {
    const { draft, parts, words } = this;
    parts.hint.textContent = this.mayChange() ? this.tool?.hint() || "" : words.read_only;
    const set = (name, on) => this.page.querySelectorAll(`[data-do=${name}]`).forEach((button) => (button.disabled = !on));
    const drawing = Boolean(this.tool?.points?.length);
    set("undo", this.mayChange() && (drawing || (draft.canUndo && !draft.busy)));
    set("redo", this.mayChange() && draft.canRedo && !draft.busy);
    const ready = Boolean(this.tool?.ready);
    this.page.querySelectorAll("[data-while=drawing]").forEach((one) => (one.hidden = !drawing));
    set("finish", ready);
    this.showSaved();
    this.again("doing");
  }

  showSaved() {
    const { draft, parts, words } = this;
    const unsent = draft.waiting.length + (draft.refused ? 1 : 0);
    const state = draft.offline ? "bad" : draft.busy || unsent ? "wait" : "good";
    parts.status.className = "draw-status " + state;
    const at = draft.saved ? clock(draft.saved) : "";
    parts.status.textContent = !this.mayChange() ? words.read_only_short
      : draft.offline ? this.say(words.unsent, { unsent })
      : draft.refused ? words.waits
      : draft.busy || unsent ? words.saving
      : at ? this.say(words.saved_at, { at }) : words.all_saved;
  }

  tab(name) {
    this.shown = name;
    for (const tab of this.page.querySelectorAll("[role=tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    for (const panel of this.page.querySelectorAll("[role=tabpanel]")) panel.hidden = panel.dataset.part !== name;
    if (name === "history") this.history.fill();
    if (name === "grids") this.table.show();
  }

  quiet() {
    this.parts.news.replaceChildren();
  }

  bar(kind, text, buttons = []) {
    const made = buttons.map(([label, does, style]) => {
      const button = G.make("button", { type: "button", class: style ?? "quiet", text: label });
      button.addEventListener("click", () => {
        this.quiet();
        does();
      });
      return button;
    });
    this.parts.news.replaceChildren(G.make("div", { class: "draw-bar " + kind }, [G.make("p", { text }), ...made]));
  }

  complain(text, stays = false) {
    this.bar("bad", text, stays ? [] : [[this.words.understood, () => {}]]);
    this.again("doing");
  }

  showNews({ edits, kept }) {
    const told = edits.slice(-3).map((edit) => tellEdit(this, edit)).join("; ");
    if (!told && !kept) return;
    this.bar("wait", (told || this.words.others_changed) + (kept ? " · " + this.words.yours_kept : ""));
    const bar = this.parts.news.firstChild;
    setTimeout(() => bar.remove(), NEWS_MS);
  }

  showRefused() {
    const { draft, words } = this;
    const told = draft.refused.edits.slice(-3).map((edit) => tellEdit(this, edit)).join("; ");
    const text = draft.refused.recalled ? words.recalled : this.say(words.refused, { what: told || words.others_changed });
    this.bar("wait", text, [[words.do_again, () => draft.again(), ""], [words.let_go, () => draft.letGo()]]);
    this.again("doing");
  }
}
