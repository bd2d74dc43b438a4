// Move a vertex of a shared border, once for all grids that meet there; or pull a new one out of a straight piece.

import { nearestOnLine } from "draw/geometry.js";
import { dot, lineString, lonLat, snapped } from "draw/lines.js";

const HANDLES_FROM_M = 0.12;

export class Vertex {
  constructor(desk) {
    Object.assign(this, { desk, strokes: true, grabbed: null, near: null, carrying: false });
  }

  hint() {
    if (this.carrying) return this.desk.words.hint_vertex_carry;
    return this.desk.words.hint_vertex;
  }

  stop() {
    this.cancel();
  }

  /** The vertex within reach, else the piece of border within reach, else null. */
  find(place) {
    const { draft } = this.desk;
    const box = [place.x - place.reach, place.y - place.reach, place.x + place.reach, place.y + place.reach];
    let vertex = null;
    let piece = null;
    for (const code of draft.finder.near(box)) {
      const { shape, kind } = draft.grids.get(code);
      if (kind === "special") continue;
      shape.rings.forEach((ring, r) => {
        for (let i = 0; i < ring.length - 2; i += 2) {
          const far = Math.hypot(ring[i] - place.x, ring[i + 1] - place.y);
          if (far <= (vertex ? vertex.far : place.reach)) vertex = { far, x: ring[i], y: ring[i + 1], at: shape.source[r][i / 2] };
          const found = nearestOnLine(ring.subarray(i, i + 4), place.x, place.y);
          if (found[2] <= (piece ? piece.far : place.reach * 0.7)) {
            piece = { far: found[2], x: found[0], y: found[1], ends: [shape.source[r][i / 2], shape.source[r][i / 2 + 1]], flat: ring.slice(i, i + 4) };
          }
        }
      });
    }
    return vertex || piece;
  }

  hover(place) {
    if (this.carrying) {
      this.to = snapped(this.desk, place, { on: this.desk.view.snap && !place.alt });
      return this.desk.again("doing");
    }
    this.near = this.find(place);
    return this.desk.point(place);
  }

  away() {
    if (!this.carrying) this.near = null;
    this.desk.point(null);
  }

  press(place) {
    this.grabbed = this.carrying ? this.grabbed : this.find(place);
    this.to = null;
  }

  stroke(place) {
    if (!this.grabbed) return;
    this.to = this.snap(place);
    this.desk.again("doing");
  }

  snap(place) {
    const to = snapped(this.desk, place);
    // The vertex must not snap to the place it comes from.
    return Math.hypot(to.x - this.grabbed.x, to.y - this.grabbed.y) < place.reach * 0.3 ? { ...place, held: false } : to;
  }

  release(place) {
    if (!this.grabbed) return;
    this.drop(this.snap(place));
  }

  tap(place) {
    if (!this.carrying) {
      this.desk.pick(this.desk.draft.gridAt(place.x, place.y, true));
      this.grabbed = null;
    }
    this.desk.again("doing");
  }

  /** With the keyboard: take the vertex at the cross, move the map under it, put it down. */
  byKey(place) {
    if (this.carrying) return this.drop(this.snap({ ...place, reach: place.reach * 0.5 }));
    this.grabbed = this.find(place);
    this.carrying = Boolean(this.grabbed);
    this.to = null;
    if (!this.grabbed) this.desk.complain(this.desk.words.no_vertex_there);
    return this.desk.show();
  }

  follow() {
    if (!this.carrying) return;
    this.to = this.desk.hand.from(this.desk.map.getCenter(), "touch");
    this.desk.again("doing");
  }

  drop(to) {
    const from = this.grabbed;
    const ghost = { line: this.preview(from, to) };
    this.grabbed = null;
    this.carrying = false;
    this.to = null;
    if (from.at) this.desk.edit("move_vertex", { at: from.at, to: lonLat(to.x, to.y) }, ghost);
    else this.desk.edit("reshape", { line: lineString([from.ends[0], lonLat(to.x, to.y), from.ends[1]]) }, ghost);
    this.desk.show();
  }

  cancel() {
    this.grabbed = null;
    this.carrying = false;
    this.to = null;
    this.near = null;
    this.desk.again("doing");
  }

  preview(from, to) {
    if (from.flat) return Float64Array.from([from.flat[0], from.flat[1], to.x, to.y, from.flat[2], from.flat[3]]);
    const flat = [];
    for (const [x, y] of this.neighbours(from)) flat.push(x, y, to.x, to.y);
    return Float64Array.from(flat);
  }

  /** The vertices before and after this one, on every ring that comes through it. */
  neighbours(from) {
    const { draft } = this.desk;
    const found = [];
    for (const code of draft.finder.at(from.x, from.y)) {
      for (const ring of draft.grids.get(code).shape.rings) {
        const last = ring.length - 2;
        for (let i = 0; i < last; i += 2) {
          if (Math.abs(ring[i] - from.x) > 1e-9 || Math.abs(ring[i + 1] - from.y) > 1e-9) continue;
          const before = i === 0 ? last - 2 : i - 2;
          found.push([ring[before], ring[before + 1]], [ring[i + 2], ring[i + 3]]);
        }
      }
    }
    return found;
  }

  paint(view) {
    if (this.desk.picture.perMetre(view) > HANDLES_FROM_M) this.handles(view);
    const shown = this.grabbed || this.near;
    if (this.grabbed && this.to) {
      const { context } = view;
      context.beginPath();
      view.trace([this.preview(this.grabbed, this.to)], false);
      context.strokeStyle = "#0b4a80";
      context.lineWidth = 2.6;
      context.setLineDash([7, 4]);
      context.stroke();
      context.setLineDash([]);
      dot(view, this.to.x, this.to.y, this.to.held, 7);
    } else if (shown) dot(view, shown.x, shown.y, true, shown.at ? 7 : 5);
  }

  handles(view) {
    const { context } = view;
    const { draft } = this.desk;
    const code = this.desk.brush();
    if (!code) return;
    context.beginPath();
    for (const ring of draft.grids.get(code).shape.rings) {
      for (let i = 0; i < ring.length - 2; i += 2) {
        const [x, y] = view.place(ring[i], ring[i + 1]);
        context.moveTo(x + 4, y);
        context.arc(x, y, 4, 0, 2 * Math.PI);
      }
    }
    context.fillStyle = "#fff";
    context.strokeStyle = "#1d2129";
    context.lineWidth = 1.6;
    context.fill();
    context.stroke();
  }
}
