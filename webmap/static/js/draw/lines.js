// Tools that draw: a cut, a border's new course, ground to give, a special grid. Taps set points; the last one twice ends
// it. A finger or a pen may draw the line in one stroke instead.

import { nearestOnLine, thinned, unproject } from "draw/geometry.js";

const SAMPLES = 24;
const DECIMALS = 1e8;
const SNAP_M = 10;

export const lonLat = (x, y) => unproject(x, y).map((degrees) => Math.round(degrees * DECIMALS) / DECIMALS);

export const lineString = (coordinates) => ({ type: "LineString", coordinates });

const polygon = (line) => ({ type: "Polygon", coordinates: [[...line, line[0]]] });

/** The place that is meant: a border's vertex within reach, else a street, else a border, else where the hand is. */
export function snapped(desk, place, { on = desk.view.snap } = {}) {
  if (!on) return { ...place, held: false };
  const { draft, ground } = desk;
  const box = [place.x - place.reach, place.y - place.reach, place.x + place.reach, place.y + place.reach];
  let vertex = null;
  let border = null;
  for (const code of draft.finder.near(box)) {
    for (const ring of draft.grids.get(code).shape.rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const far = Math.hypot(ring[i] - place.x, ring[i + 1] - place.y);
        if (far < (vertex ? vertex[2] : place.reach * 0.7)) vertex = [ring[i], ring[i + 1], far];
      }
      const found = nearestOnLine(ring, place.x, place.y);
      if (found[2] < (border ? border[2] : place.reach)) border = found;
    }
  }
  const best = vertex || ground?.snap(place.x, place.y, place.reach) || border;
  return best ? { ...place, x: best[0], y: best[1], held: true } : { ...place, held: false };
}

const byFinger = () => matchMedia("(pointer: coarse)").matches;

class Line {
  constructor(desk, { closed = false } = {}) {
    Object.assign(this, { desk, closed, points: [], tip: null, drawn: null, fingerStrokes: true });
  }

  stop() {
    this.cancel();
  }

  tap(place) {
    if (place.alt) return this.finish();
    const next = snapped(this.desk, place);
    const last = this.points.at(-1);
    const first = this.points[0];
    const least = this.closed ? 3 : 2;
    const again = (point) => point && Math.hypot(point.x - next.x, point.y - next.y) < place.reach * 0.6;
    if (this.points.length >= least && (again(last) || (this.closed && again(first)))) return this.finish();
    if (!again(last)) this.points.push(next);
    this.tip = null;
    return this.desk.show();
  }

  press(place) {
    this.from = place;
  }

  /** A finger draws: its way is kept, and thinned to what was meant when it is lifted. */
  stroke(place) {
    this.drawn ||= [this.from];
    const last = this.drawn.at(-1);
    if (Math.hypot(last.x - place.x, last.y - place.y) > place.reach * 0.15) this.drawn.push(place);
    this.desk.again("doing");
  }

  release(place) {
    if (!this.drawn) return;
    const way = thinned([...this.drawn, place], place.reach * 0.3);
    this.drawn = null;
    const ends = this.closed ? [] : [0, way.length - 1];
    const begun = this.points.length > 0;
    this.points.push(...way.map((point, i) => (ends.includes(i) ? snapped(this.desk, point) : { ...point, held: false })));
    if (begun || !this.ready) return this.desk.show();
    return this.finish();
  }

  /** A second finger came down: what this one drew was no line, but the points before it stay. */
  letGo() {
    this.drawn = null;
    this.tip = null;
    this.desk.again("doing");
  }

  hover(place) {
    this.tip = snapped(this.desk, place);
    this.desk.point(place);
  }

  away() {
    this.tip = null;
    this.desk.point(null);
  }

  back() {
    if (!this.points.length) return false;
    this.points.pop();
    this.desk.show();
    return true;
  }

  cancel() {
    this.points = [];
    this.drawn = null;
    this.tip = null;
    this.desk.again("doing");
  }

  /** How to go on once there are enough points; a tablet has no Enter key. */
  readyHint() {
    const { words } = this.desk;
    if (byFinger()) return words.hint_ready_touch;
    return this.closed ? words.hint_area_ready : words.hint_line_ready;
  }

  get ready() {
    return this.points.length >= (this.closed ? 3 : 2);
  }

  finish() {
    if (!this.ready) return;
    const flat = Float64Array.from(this.points.flatMap((point) => [point.x, point.y]));
    const line = this.points.map((point) => lonLat(point.x, point.y));
    this.points = [];
    this.tip = null;
    this.send(line, { line: flat, closed: this.closed });
    this.desk.show();
  }

  paint(view) {
    const { context } = view;
    const points = [...this.points, ...(this.drawn || []), ...(this.tip && this.points.length ? [this.tip] : [])];
    if (points.length > 1) {
      const flat = Float64Array.from(points.flatMap((point) => [point.x, point.y]));
      for (const [ink, wide] of [["rgba(255,255,255,.9)", 6], ["#1d2129", 2.6]]) {
        context.beginPath();
        view.trace([flat], this.closed && points.length > 2);
        context.strokeStyle = ink;
        context.lineWidth = wide;
        context.stroke();
      }
    }
    for (const point of [...this.points, ...(this.tip ? [this.tip] : [])]) dot(view, point.x, point.y, point.held);
  }
}

export function dot(view, x, y, held, radius = 5) {
  const { context } = view;
  const [px, py] = view.place(x, y);
  context.beginPath();
  context.arc(px, py, held ? radius + 1 : radius, 0, 2 * Math.PI);
  context.fillStyle = held ? "#0b4a80" : "#fff";
  context.strokeStyle = held ? "#fff" : "#1d2129";
  context.lineWidth = 2;
  context.fill();
  context.stroke();
}

/** In which grid a drawn line mostly runs; the chosen one if the line comes through it at all. */
function crossed(desk, flat) {
  const counts = new Map();
  for (let i = 2; i < flat.length; i += 2) {
    for (let k = 0; k <= SAMPLES; k += 1) {
      const share = (k + 0.5) / (SAMPLES + 1);
      const code = desk.draft.gridAt(flat[i - 2] + (flat[i] - flat[i - 2]) * share, flat[i - 1] + (flat[i + 1] - flat[i - 1]) * share, true);
      if (code) counts.set(code, (counts.get(code) || 0) + Math.hypot(flat[i] - flat[i - 2], flat[i + 1] - flat[i - 1]));
    }
  }
  if (counts.has(desk.brush())) return desk.brush();
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** Cut a grid in two along the line. */
export class Cut extends Line {
  hint() {
    return this.ready ? this.readyHint() : byFinger() ? this.desk.words.hint_cut_touch : this.desk.words.hint_cut;
  }

  send(line, ghost) {
    const code = crossed(this.desk, ghost.line);
    if (!code) return this.desk.complain(this.desk.words.no_grid_there);
    const along = this.desk.view.snap ? { snap: SNAP_M } : {};
    return this.desk.edit("split", { code, line: lineString(line), ...along }, ghost);
  }
}

/** Give a shared border a new course, for both sides at once. */
export class Reshape extends Line {
  hint() {
    return this.ready ? this.readyHint() : byFinger() ? this.desk.words.hint_reshape_touch : this.desk.words.hint_reshape;
  }

  send(line, ghost) {
    return this.desk.edit("reshape", { line: lineString(line) }, ghost);
  }
}

/** Give outlined ground to the chosen grid, wherever it lies. */
export class Give extends Line {
  constructor(desk) {
    super(desk, { closed: true });
  }

  hint() {
    const { words, say } = this.desk;
    const brush = this.desk.brush();
    if (!brush) return words.hint_give_none;
    return this.ready ? this.readyHint() : say(words.hint_give, { grid: this.desk.short(brush) });
  }

  tap(place) {
    if (!this.desk.brush()) return this.desk.pick(this.desk.draft.gridAt(place.x, place.y, true));
    return super.tap(place);
  }

  stroke(place) {
    if (this.desk.brush()) super.stroke(place);
  }

  send(line, ghost) {
    return this.desk.edit("give", { ground: polygon(line), to: this.desk.brush() }, ghost);
  }
}

/** Lay a special grid (a school, a market) over the others. */
export class Special extends Line {
  constructor(desk) {
    super(desk, { closed: true });
  }

  hint() {
    return this.ready ? this.readyHint() : this.desk.words.hint_special;
  }

  send(line, ghost) {
    return this.desk.edit("lay_over", { ground: polygon(line), name: this.desk.specialName() }, ghost);
  }
}
