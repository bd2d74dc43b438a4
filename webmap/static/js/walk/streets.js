// Which streets were walked along, for the green on the phone's own map. The office counts for itself, from the fixes.

import { besidePiece, Flat } from "walk/ground.js";

const SPACING_M = 10;
const REACH_M = 18;
const SAME_WAY = Math.cos((40 * Math.PI) / 180);
const LATTICE_M = 40;

export class Streets {
  /** features: GeoJSON features of streets, lines in degrees. */
  constructor(features, [west, south]) {
    this.flat = new Flat(west, south);
    this.lattice = new Map();
    this.lines = new Map();
    this.marks = new Map();
    this.named = new Map();
    for (const feature of features) this.add(feature);
  }

  add({ id, properties, geometry }) {
    const parts = geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
    const samples = parts.flatMap((part) => this.sampled(part));
    this.lines.set(id, samples);
    this.named.set(id, properties.name || "");
    samples.forEach((sample, i) => {
      const key = latticeKey(sample.x, sample.y);
      if (!this.lattice.has(key)) this.lattice.set(key, []);
      this.lattice.get(key).push([id, i]);
    });
  }

  /** A point every ten metres with the way that the street runs there; `lead` begins a part. */
  sampled(part) {
    const found = [];
    for (let i = 1; i < part.length; i += 1) {
      const [ax, ay] = this.flat.metres(...part[i - 1]);
      const [bx, by] = this.flat.metres(...part[i]);
      const long = Math.hypot(bx - ax, by - ay);
      const count = Math.max(1, Math.round(long / SPACING_M));
      for (let k = 0; k < count; k += 1) {
        const [from, to, middle] = [k / count, (k + 1) / count, (k + 0.5) / count];
        const between = (share) => [part[i - 1][1] + share * (part[i][1] - part[i - 1][1]), part[i - 1][0] + share * (part[i][0] - part[i - 1][0])];
        found.push({ x: ax + middle * (bx - ax), y: ay + middle * (by - ay), dx: (bx - ax) / (long || 1), dy: (by - ay) / (long || 1),
          metres: long / count, line: [between(from), between(to)] });
      }
    }
    return found;
  }

  /** Mark what lies along a step from one fix to the next; return the streets that got new marks. */
  walk(one, other) {
    const [a, b] = [this.flat.metres(one.lon, one.lat), this.flat.metres(other.lon, other.lat)];
    const long = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const touched = new Set();
    if (!long) return touched;
    for (const [id, i] of this.near(a, b)) {
      const { x, y, dx, dy } = this.lines.get(id)[i];
      const along = Math.abs(dx * (b[0] - a[0]) + dy * (b[1] - a[1])) / long;
      if (along < SAME_WAY || this.marksOf(id).has(i)) continue;
      const { away, beyond } = besidePiece([x, y], a, b);
      if (away > REACH_M || beyond > SPACING_M / 2) continue;
      this.marksOf(id).add(i);
      touched.add(id);
    }
    return touched;
  }

  *near([ax, ay], [bx, by]) {
    const [west, east] = [Math.min(ax, bx) - REACH_M, Math.max(ax, bx) + REACH_M];
    const [south, north] = [Math.min(ay, by) - REACH_M, Math.max(ay, by) + REACH_M];
    for (let i = Math.floor(west / LATTICE_M); i <= Math.floor(east / LATTICE_M); i += 1) {
      for (let j = Math.floor(south / LATTICE_M); j <= Math.floor(north / LATTICE_M); j += 1) yield* this.lattice.get(`${i} ${j}`) || [];
    }
  }

  marksOf(id) {
    if (!this.marks.has(id)) this.marks.set(id, new Set());
    return this.marks.get(id);
  }

  /** Take over what an earlier page had marked: rows of {street, marks}. */
  remember(rows) {
    this.marks.clear();
    for (const { street, marks } of rows) if (this.lines.has(street)) this.marks.set(street, new Set(marks));
  }

  /** The marked pieces of a street as lines of [lat, lon]. */
  green(id) {
    const samples = this.lines.get(id);
    return [...this.marksOf(id)].filter((i) => samples[i]).map((i) => samples[i].line);
  }

  /** Metres of street seen so far. */
  get metres() {
    let sum = 0;
    for (const [id, marks] of this.marks) for (const i of marks) sum += this.lines.get(id)[i]?.metres || 0;
    return sum;
  }
}

function latticeKey(x, y) {
  return `${Math.floor(x / LATTICE_M)} ${Math.floor(y / LATTICE_M)}`;
}
