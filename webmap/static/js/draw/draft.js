// The draft as this window knows it: grids, blocks, table, flaws; and the changes on their way to the server, one by one.

import { Finder, Shape, emptyBox, metres, stretch } from "draw/geometry.js";

const RETRY_MS = 5000;

export class Draft extends EventTarget {
  constructor(api, { store, lat }) {
    super();
    this.api = api;
    this.store = store;
    this.cell = metres(250, lat);
    this.grids = new Map();
    this.rows = new Map();
    this.blocks = new Map();
    this.flaws = [];
    this.finder = new Finder(this.cell);
    this.blockFinder = new Finder(this.cell);
    this.waiting = [];
    this.refused = null;
    this.busy = false;
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** The draft, then its shapes: a server that has not read it yet reads it once, and says to `under` how far it is. */
  async load(under) {
    const head = await this.api.draft(under);
    const grids = await this.api.grids();
    this.takeHead(head);
    for (const feature of grids.features) this.put(feature);
    this.tell("shapes", { codes: [...this.grids.keys()] });
    this.tell("table");
    this.recall();
  }

  async loadBlocks() {
    const blocks = await this.api.blocks();
    this.blocks.clear();
    this.blockFinder = new Finder(this.cell);
    for (const { properties, geometry } of blocks.features) {
      if (!geometry) continue;
      const shape = new Shape(geometry);
      this.blocks.set(properties.number, { ...properties, shape });
      this.blockFinder.insert(properties.number, shape.box);
    }
    this.tell("blocks");
  }

  takeHead(head) {
    this.revision = head.revision;
    this.stage = head.stage;
    this.band = head.band;
    this.name = head.name;
    this.canUndo = head.can_undo;
    this.canRedo = head.can_redo;
    this.rows = new Map(head.table.map((row) => [row.code, row]));
    this.flaws = head.flaws;
  }

  put(feature) {
    const { code, name, kind, colour } = feature.properties;
    if (!feature.geometry) return this.drop(code);
    const shape = new Shape(feature.geometry);
    this.grids.set(code, { code, name, kind, colour, shape });
    this.finder.insert(code, shape.box);
  }

  drop(code) {
    this.grids.delete(code);
    this.finder.remove(code);
    this.rows.delete(code);
  }

  special(code) {
    return this.grids.get(code)?.kind === "special";
  }

  /** The grid at a place: of those that tile the ground, unless only one that lies over it is there. */
  gridAt(x, y, general = false) {
    const here = [...this.finder.at(x, y)].filter((code) => this.grids.get(code).shape.contains(x, y));
    here.sort((a, b) => this.special(a) - this.special(b));
    if (general && here.length && this.special(here[0])) return null;
    return here[0] ?? null;
  }

  blockAt(x, y) {
    for (const number of this.blockFinder.at(x, y)) if (this.blocks.get(number).shape.contains(x, y)) return number;
    return null;
  }

  /** To which grid a block belongs now. */
  gridOf(number) {
    return this.blocks.get(number).code;
  }

  boxOf(codes) {
    const box = emptyBox();
    for (const code of codes) {
      const shape = this.grids.get(code)?.shape;
      if (shape) stretch(box, Float64Array.from(shape.box));
    }
    return box;
  }

  /** Make a change. It is kept until the server has it: `ghost` is how it is drawn until then. */
  edit(kind, given, ghost = {}) {
    this.waiting.push({ body: { kind, ...given }, ghost });
    this.keep();
    return this.send();
  }

  undo() { return this.step("undo"); }
  redo() { return this.step("redo"); }

  step(way) {
    this.waiting.push({ way, ghost: {} });
    return this.send();
  }

  async send() {
    if (this.busy || this.refused || !this.waiting.length) return this.tell("state");
    const [edit] = this.waiting;
    this.busy = true;
    this.tell("state");
    try {
      const answer = edit.way ? await this.api[edit.way](this.revision) : await this.api.edit(this.revision, edit.body);
      this.waiting.shift();
      await this.took(answer, edit);
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      await this.failed(edit, problem);
    } finally {
      this.busy = false;
      this.keep();
    }
    this.tell("state");
    if (this.waiting.length && !this.refused && !this.offline) await this.send();
  }

  async took(answer, edit) {
    this.offline = false;
    this.saved = new Date();
    const since = this.revision;
    this.takeAnswer(answer);
    const changed = answer.changed.features.map((feature) => feature.properties.code);
    this.tell("done", { edit, changed, gone: answer.gone });
    if (answer.rebased) {
      const edits = await this.api.edits(since).catch(() => []);
      this.tell("news", { edits: edits.filter((one) => one.revision !== answer.revision), kept: true });
    }
  }

  takeAnswer(answer) {
    this.revision = answer.revision;
    this.canUndo = answer.can_undo;
    this.canRedo = answer.can_redo;
    for (const code of answer.gone) this.drop(code);
    for (const row of answer.table) {
      this.rows.set(row.code, row);
      const grid = this.grids.get(row.code);
      if (grid) Object.assign(grid, { name: row.name, kind: row.kind, colour: row.colour });
    }
    for (const feature of answer.changed.features) this.put(feature);
    for (const { number, code } of answer.blocks || []) if (this.blocks.has(number)) this.blocks.get(number).code = code;
    this.flaws = answer.flaws;
    this.tell("shapes", { codes: answer.changed.features.map((feature) => feature.properties.code).concat(answer.gone) });
    this.tell("table");
  }

  async failed(edit, problem) {
    if (problem.status === 0 || problem.status >= 500) {
      this.offline = true;
      this.tell("trouble", { problem });
      setTimeout(() => this.send(), RETRY_MS);
    } else if (problem.status === 412) {
      this.waiting.shift();
      await this.sync(true);
      this.refused = { edit, problem, edits: problem.body.since || this.news || [] };
      this.tell("refused");
    } else {
      this.waiting.shift();
      this.tell("trouble", { problem, edit });
    }
  }

  /** Fetch what others changed; `fresh` says that something is known to have changed. */
  async sync(fresh = false) {
    if (!fresh && (this.busy || this.refused)) return;
    const since = this.revision;
    this.news = await this.api.edits(since);
    if (!fresh && !this.news.length) return;
    const [grids, head] = await Promise.all([this.api.grids(since), this.api.draft()]);
    for (const code of grids.gone || []) this.drop(code);
    for (const feature of grids.features) this.put(feature);
    this.takeHead(head);
    if (this.blocks.size) await this.loadBlocks();
    this.tell("shapes", { codes: grids.features.map((one) => one.properties.code).concat(grids.gone || []) });
    this.tell("table");
    if (!fresh) this.tell("news", { edits: this.news, kept: false });
  }

  /** After somebody else was faster: make the same change again on the present state, or let it go. */
  again() {
    const { edit } = this.refused;
    this.refused = null;
    this.waiting.unshift(edit);
    return this.send();
  }

  letGo() {
    this.refused = null;
    this.keep();
    return this.send();
  }

  /** Changes that the server has not got yet outlive a closed window. */
  keep() {
    const unsent = [this.refused?.edit, ...this.waiting].filter((edit) => edit && edit.body).map((edit) => edit.body);
    try {
      if (unsent.length) localStorage.setItem(this.store, JSON.stringify(unsent));
      else localStorage.removeItem(this.store);
    } catch {
      // A browser that keeps nothing (private window, full disk): the changes live as long as the window.
    }
  }

  recall() {
    let unsent = [];
    try {
      unsent = JSON.parse(localStorage.getItem(this.store) || "[]");
    } catch {
      return;
    }
    if (!unsent.length || this.stage !== "draft") return;
    this.waiting = unsent.slice(1).map((body) => ({ body, ghost: {} }));
    this.refused = { edit: { body: unsent[0], ghost: {} }, edits: [], recalled: true };
    this.tell("refused");
  }

  async accept(key, reason) {
    const answer = await this.api.accept(key, reason);
    if (answer.flaws) this.flaws = answer.flaws;
    else this.flaws = (await this.api.draft()).flaws;
    this.tell("table");
  }
}
