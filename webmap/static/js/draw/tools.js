// Tools that tap and stroke whole grids and blocks: choose, paint, merge.

/** Choose a grid: its row and its card show, and the other tools work on it. */
export class Choose {
  constructor(desk) {
    this.desk = desk;
  }

  hint() {
    return this.desk.words.hint_choose;
  }

  tap(place) {
    this.desk.pick(this.desk.draft.gridAt(place.x, place.y));
  }

  hover(place) {
    this.desk.point(place);
  }

  away() {
    this.desk.point(null);
  }
}

/** Paint blocks into the chosen grid. The first grid that is touched while none is chosen becomes the chosen one. */
export class Paint {
  constructor(desk) {
    this.desk = desk;
    this.strokes = true;
    this.fresh = false;
  }

  start() {
    this.desk.view.showBlocks = true;
    this.desk.needBlocks();
  }

  stop() {
    this.cancel();
    this.fresh = false;
    this.desk.view.showBlocks = false;
    this.desk.view.ghost = null;
  }

  hint() {
    const { words, say } = this.desk;
    if (this.fresh) return words.hint_paint_new;
    const brush = this.desk.brush();
    if (!brush) return words.hint_paint_none;
    const touch = matchMedia("(pointer: coarse)").matches;
    return say(touch ? words.hint_paint_touch : words.hint_paint, { grid: this.desk.short(brush) });
  }

  /** A new grid begins with the next blocks that are painted. */
  anew() {
    this.desk.pick(null);
    this.fresh = true;
    this.desk.show();
  }

  press(place) {
    this.begun = false;
    this.last = place;
  }

  begin(place) {
    const { draft } = this.desk;
    if (!this.fresh && !this.desk.brush()) this.desk.pick(draft.gridAt(place.x, place.y, true));
    if (!this.fresh && !this.desk.brush()) return;
    this.begun = true;
    this.taken = new Set();
    this.desk.view.ghost = { blocks: this.taken, code: this.fresh ? null : this.desk.brush() };
  }

  stroke(place) {
    if (!this.begun) {
      this.begin(this.last);
      this.take(this.last);
    }
    if (!this.begun) return;
    // A quick hand leaves gaps between two places: every few pixels in between count too.
    const steps = Math.ceil(Math.hypot(place.x - this.last.x, place.y - this.last.y) / (place.reach * 0.4)) || 1;
    for (let i = 1; i <= steps; i += 1) {
      this.take({ x: this.last.x + ((place.x - this.last.x) * i) / steps, y: this.last.y + ((place.y - this.last.y) * i) / steps });
    }
    this.last = place;
    this.desk.point(place, this.taken);
  }

  take(place) {
    const { draft } = this.desk;
    const number = draft.blockAt(place.x, place.y);
    if (number === null || this.taken.has(number)) return;
    const brush = this.desk.brush();
    if (brush && draft.gridAt(place.x, place.y, true) === brush && draft.gridOf(number) === brush) return;
    this.taken.add(number);
  }

  release() {
    if (!this.begun) return;
    this.begun = false;
    this.send(this.taken);
  }

  tap(place) {
    this.begun = false;
    if (place.alt || (!this.fresh && !this.desk.brush())) {
      this.fresh = false;
      return this.desk.pick(this.desk.draft.gridAt(place.x, place.y, true));
    }
    this.begin(place);
    this.take(place);
    this.begun = false;
    return this.send(this.taken);
  }

  send(taken) {
    this.desk.view.ghost = null;
    if (!taken.size) return this.desk.show();
    const brush = this.fresh ? null : this.desk.brush();
    this.fresh = false;
    return this.desk.edit("paint", { blocks: [...taken], to: brush }, { blocks: taken, code: brush });
  }

  cancel() {
    this.begun = false;
    this.desk.view.ghost = null;
    this.desk.again("doing");
  }

  hover(place) {
    const number = this.desk.draft.blockAt(place.x, place.y);
    const brush = this.desk.brush();
    this.desk.view.ghost = number === null ? null : { blocks: [number], code: brush };
    this.desk.point(place, number === null ? null : new Set([number]));
  }

  away() {
    this.desk.view.ghost = null;
    this.desk.point(null);
  }
}

/** Merge: first the grid that stays, then each neighbour that goes into it. */
export class Merge {
  constructor(desk) {
    this.desk = desk;
  }

  hint() {
    const { words, say } = this.desk;
    const stays = this.desk.brush();
    return stays ? say(words.hint_merge, { grid: this.desk.short(stays) }) : words.hint_merge_none;
  }

  tap(place) {
    const code = this.desk.draft.gridAt(place.x, place.y, true);
    const stays = this.desk.brush();
    if (!code) return;
    if (!stays || place.alt || code === stays) this.desk.pick(code === stays ? null : code);
    else this.desk.edit("merge", { codes: [stays, code], into: stays }, {});
  }

  hover(place) {
    this.desk.point(place);
  }

  away() {
    this.desk.point(null);
  }
}
