// The quiet base map: compounds, streets and buildings out of our own data, kept as flat arrays and found by cells.

import { Finder, emptyBox, metres, nearestOnLine, project, stretch } from "draw/geometry.js";

const CLASSES = ["path", "back_street", "branch", "secondary", "arterial", "expressway"];
const WIDTH_M = { path: 1.6, back_street: 3.5, branch: 6, secondary: 9, arterial: 13, expressway: 18 };
const LEAST = { path: 0.6, back_street: 0.9, branch: 1.3, secondary: 2, arterial: 2.6, expressway: 3.2 };
const BATCH = 400;
const BUILDINGS_FROM_M = 3;

/** Whole-number steps from the town's corner -> flat world pixels. */
function unpack(steps, origin) {
  const flat = new Float64Array(steps.length);
  let [x, y] = [0, 0];
  for (let i = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    [flat[i], flat[i + 1]] = project(origin[0] + x / 1e6, origin[1] + y / 1e6);
  }
  return flat;
}

class Pile {
  constructor(rings, cell) {
    this.rings = rings;
    this.finder = new Finder(cell);
    rings.forEach((one, i) => this.finder.insert(i, one.reduce(stretch, emptyBox())));
  }

  /** Paths of everything in view, a few hundred at a time: one huge path costs more than it saves. */
  each(view, paint) {
    let open = 0;
    const context = view.context;
    context.beginPath();
    for (const i of this.finder.near(view.box)) {
      view.trace(this.rings[i], this.closed);
      open += 1;
      if (open % BATCH === 0) {
        paint(context);
        context.beginPath();
      }
    }
    paint(context);
  }
}

/** Everything drawn under and over the grids that is not a grid. */
export class Ground {
  constructor(data) {
    const cell = metres(250, data.origin[1]);
    const polygons = (packed) => new Pile(packed.map((rings) => rings.map((one) => unpack(one, data.origin))), cell);
    this.pixel = metres(1, data.origin[1]);
    this.outline = polygons(data.outline);
    this.compounds = polygons(data.base.compounds);
    this.buildings = polygons(data.base.buildings);
    for (const pile of [this.outline, this.compounds, this.buildings]) pile.closed = true;
    this.streets = CLASSES.filter((name) => data.base.streets[name]).map((name) => {
      const pile = new Pile(data.base.streets[name].map((one) => [unpack(one, data.origin)]), cell);
      return Object.assign(pile, { name, closed: false });
    });
  }

  paintUnder(view) {
    this.outline.each(view, (context) => {
      context.fillStyle = "#fbfaf7";
      context.fill();
    });
  }

  paintOver(view) {
    const context = view.context;
    const perMetre = this.pixel * view.scale;
    this.compounds.each(view, () => {
      context.fillStyle = "rgba(111,124,102,.09)";
      context.fill("evenodd");
    });
    context.lineJoin = "round";
    const width = (name) => Math.min(26, Math.max(LEAST[name], WIDTH_M[name] * perMetre));
    for (const pile of this.streets) if (pile.name !== "path") this.stroke(view, pile, "rgba(139,143,153,.42)", width(pile.name) + 1.6);
    for (const pile of this.streets) {
      const path = pile.name === "path";
      if (path && perMetre < 0.12) continue;
      context.setLineDash(path ? [3, 3] : []);
      this.stroke(view, pile, path ? "rgba(120,124,134,.5)" : "#fff", width(pile.name));
    }
    context.setLineDash([]);
    if (perMetre * BUILDINGS_FROM_M < 0.3) return;
    this.buildings.each(view, () => {
      context.fillStyle = "rgba(70,76,88,.22)";
      context.fill("evenodd");
      if (perMetre > 0.35) {
        context.strokeStyle = "rgba(70,76,88,.38)";
        context.lineWidth = 0.6;
        context.stroke();
      }
    });
  }

  stroke(view, pile, colour, width) {
    view.context.lineCap = pile.name === "path" ? "butt" : "round";
    pile.each(view, (context) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    });
  }

  /** The nearest place on a street within reach (world pixels), or null. */
  snap(x, y, reach) {
    let best = null;
    for (const pile of this.streets) {
      for (const i of pile.finder.near([x - reach, y - reach, x + reach, y + reach])) {
        const found = nearestOnLine(pile.rings[i][0], x, y);
        if (found[2] <= (best ? best[2] : reach)) best = found;
      }
    }
    return best;
  }
}
