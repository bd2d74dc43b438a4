// Distances and places on a piece of ground small enough to be flat.

const RADIUS_M = 6371008.8;
const DEGREE_M = (Math.PI / 180) * RADIUS_M;

/** Metres east and north of an origin. */
export class Flat {
  constructor(lon, lat) {
    Object.assign(this, { lon, lat, wide: DEGREE_M * Math.cos((lat * Math.PI) / 180) });
  }

  metres(lon, lat) {
    return [(lon - this.lon) * this.wide, (lat - this.lat) * DEGREE_M];
  }
}

export function metresBetween(one, other) {
  const [x, y] = new Flat(one.lon, one.lat).metres(other.lon, other.lat);
  return Math.hypot(x, y);
}

export function lengthOf(points) {
  return points.slice(1).reduce((sum, point, i) => sum + metresBetween(points[i], point), 0);
}

/** How far a point lies from the piece between two others, and how many metres before or after it; all in metres. */
export function besidePiece([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const long = Math.hypot(dx, dy);
  const on = long ? ((x - ax) * dx + (y - ay) * dy) / long : 0;
  const along = Math.min(long, Math.max(0, on));
  const share = long ? along / long : 0;
  return { away: Math.hypot(x - ax - share * dx, y - ay - share * dy), beyond: Math.abs(on - along) };
}

/** Whether a point lies inside polygons given as [outer ring, hole, ...] of [lat, lon]. */
export function isInside(polygons, lon, lat) {
  return polygons.some((rings) => rings.filter((ring) => isInRing(ring, lon, lat)).length % 2 === 1);
}

function isInRing(ring, lon, lat) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[y, x], [v, u]] = [ring[i], ring[j]];
    if (y > lat !== v > lat && lon < ((u - x) * (lat - y)) / (v - y) + x) inside = !inside;
  }
  return inside;
}

/** Metres from a point to the nearest border of the polygons. */
export function metresToBorder(polygons, lon, lat) {
  const flat = new Flat(lon, lat);
  let nearest = Infinity;
  for (const ring of polygons.flat()) {
    const there = ring.map(([y, x]) => flat.metres(x, y));
    for (let i = 1; i < there.length; i += 1) nearest = Math.min(nearest, besidePiece([0, 0], there[i - 1], there[i]).away);
  }
  return nearest;
}
