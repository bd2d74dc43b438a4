// Shapes as the map draws them: flat arrays of world pixels at zoom 0, and a lattice of boxes to find them by.

const SIZE = 256;
const METRES_ROUND = 40075016.686;
const SPOTS = 4;

/** Longitude and latitude -> world pixels at zoom 0 (Web Mercator). */
export function project(lon, lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [SIZE * (lon / 360 + 0.5), SIZE * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI))];
}

/** World pixels at zoom 0 -> longitude and latitude. */
export function unproject(x, y) {
  return [(x / SIZE - 0.5) * 360, (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / SIZE))) * 180) / Math.PI];
}

/** So many metres in world pixels at this latitude. */
export const metres = (length, lat) => (length * SIZE) / (METRES_ROUND * Math.cos((lat * Math.PI) / 180));

function flatten(pairs) {
  const flat = new Float64Array(pairs.length * 2);
  pairs.forEach(([lon, lat], i) => flat.set(project(lon, lat), 2 * i));
  return flat;
}

export function emptyBox() {
  return [Infinity, Infinity, -Infinity, -Infinity];
}

export function stretch(box, flat) {
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i] < box[0]) box[0] = flat[i];
    if (flat[i] > box[2]) box[2] = flat[i];
    if (flat[i + 1] < box[1]) box[1] = flat[i + 1];
    if (flat[i + 1] > box[3]) box[3] = flat[i + 1];
  }
  return box;
}

export const meets = (a, b) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

/** A polygon of one or more parts. Its vertices keep the very numbers the server sent, so that they can be named to it. */
export class Shape {
  constructor(geometry) {
    const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    this.source = parts.flat();
    this.rings = this.source.map(flatten);
    this.box = this.rings.reduce(stretch, emptyBox());
  }

  /** Whether a place lies inside: a ray to the left crosses an odd number of edges. */
  contains(x, y) {
    if (x < this.box[0] || x > this.box[2] || y < this.box[1] || y > this.box[3]) return false;
    let inside = false;
    for (const ring of this.rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y) {
          const cut = ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i];
          if (x < cut) inside = !inside;
        }
      }
    }
    return inside;
  }

  /** A place well inside, for a name: the middle of the widest stretch on a few level lines. */
  spot() {
    return this.spots()[0];
  }

  /** Places well inside, the best first. Found once. */
  spots() {
    if (!this.found) {
      const found = [];
      for (const share of [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]) {
        const y = this.box[1] + (this.box[3] - this.box[1]) * share;
        const cuts = this.cuts(y);
        for (let i = 0; i + 1 < cuts.length; i += 2) {
          // Lines near the middle are preferred: a name close to the edge seems to belong to the neighbour.
          found.push({ worth: (cuts[i + 1] - cuts[i]) * (1 - Math.abs(share - 0.5)), at: [(cuts[i] + cuts[i + 1]) / 2, y] });
        }
      }
      found.sort((a, b) => b.worth - a.worth);
      this.found = found.slice(0, SPOTS).map((one) => one.at);
      if (!found.length) this.found = [[(this.box[0] + this.box[2]) / 2, (this.box[1] + this.box[3]) / 2]];
    }
    return this.found;
  }

  cuts(y) {
    const cuts = [];
    for (const ring of this.rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y) {
          cuts.push(((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]);
        }
      }
    }
    return cuts.sort((a, b) => a - b);
  }
}

/** Finds what lies near by the cells of a lattice that its box touches. */
export class Finder {
  constructor(cell) {
    this.cell = cell;
    this.cells = new Map();
    this.boxes = new Map();
  }

  insert(key, box) {
    this.remove(key);
    this.boxes.set(key, box);
    this.each(box, (cell) => {
      if (this.cells.has(cell)) this.cells.get(cell).add(key);
      else this.cells.set(cell, new Set([key]));
    });
  }

  remove(key) {
    const box = this.boxes.get(key);
    if (!box) return;
    this.each(box, (cell) => this.cells.get(cell).delete(key));
    this.boxes.delete(key);
  }

  /** The keys of everything whose box meets this one; where the window holds more cells than things, all are looked at. */
  near(box) {
    const [from, to] = [this.of(box[0], box[1]), this.of(box[2], box[3])];
    const found = new Set();
    if ((to[0] - from[0] + 1) * (to[1] - from[1] + 1) > this.boxes.size) {
      for (const [key, other] of this.boxes) if (meets(box, other)) found.add(key);
      return found;
    }
    this.each(box, (cell) => {
      for (const key of this.cells.get(cell) || []) if (meets(box, this.boxes.get(key))) found.add(key);
    });
    return found;
  }

  at(x, y) {
    return this.near([x, y, x, y]);
  }

  of(x, y) {
    return [Math.floor(x / this.cell), Math.floor(y / this.cell)];
  }

  each(box, visit) {
    const [from, to] = [this.of(box[0], box[1]), this.of(box[2], box[3])];
    for (let x = from[0]; x <= to[0]; x += 1) for (let y = from[1]; y <= to[1]; y += 1) visit(x * 33554432 + y);
  }
}

/** The place on a flat line that is nearest, and how far: [x, y, distance]. */
export function nearestOnLine(flat, x, y) {
  let best = [0, 0, Infinity];
  for (let i = 2; i < flat.length; i += 2) {
    const [ax, ay, dx, dy] = [flat[i - 2], flat[i - 1], flat[i] - flat[i - 2], flat[i + 1] - flat[i - 1]];
    const share = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    const [px, py] = [ax + share * dx, ay + share * dy];
    const distance = Math.hypot(px - x, py - y);
    if (distance < best[2]) best = [px, py, distance];
  }
  return best;
}

/** A drawn way without the places that lie within `slack` of the line between others (Douglas and Peucker). */
export function thinned(points, slack) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let [most, at] = [0, 0];
  for (let i = 1; i < points.length - 1; i += 1) {
    const far = nearestOnLine(Float64Array.of(first.x, first.y, last.x, last.y), points[i].x, points[i].y)[2];
    if (far > most) [most, at] = [far, i];
  }
  if (most <= slack) return [first, last];
  return [...thinned(points.slice(0, at + 1), slack).slice(0, -1), ...thinned(points.slice(at), slack)];
}
