// How the draft looks: coloured ground, blocks to paint with, borders, names, and what is being done at the moment.

import { Sheet } from "draw/sheet.js";

/** Neighbours never share one of these; alternating lightness keeps them apart for eyes that do not tell colours apart. */
export const COLOURS = ["#cfe0ee", "#f3d9b5", "#d9e8c6", "#efcfd6", "#dcd3ec", "#bfe3dc", "#f4e9a8", "#d8d5cd", "#c3cdf0", "#f6c9ae"];
export const BAND_COLOURS = { under: "#a9cbe8", within: "#e6efdc", over: "#f0a98f" };
const RED = "#b3123c";
const INK = "#1d2129";
const BLOCKS_FROM_M = 0.05;
const FLAWS_SMALL_BELOW_M = 0.1;

export class Picture {
  constructor(map, draft, view) {
    Object.assign(this, { map, draft, view });
    const pane = (name, order) => {
      map.createPane(name).style.zIndex = order;
      map.getPane(name).style.pointerEvents = "none";
    };
    [["fill", 300], ["streets", 330], ["borders", 400], ["words", 450], ["doing", 440]].forEach(([name, order]) => pane(name, order));
    const sheet = (name, paint, padding = 0.2) => new Sheet({ pane: name, padding, paint: paint.bind(this) }).addTo(map);
    this.sheets = {
      fill: sheet("fill", this.paintFill),
      streets: sheet("streets", this.paintStreets),
      borders: sheet("borders", this.paintBorders),
      doing: sheet("doing", this.paintDoing, 0.05),
    };
  }

  again(...names) {
    (names.length ? names : Object.keys(this.sheets)).forEach((name) => this.sheets[name].again());
  }

  colour(code) {
    const row = this.draft.rows.get(code);
    if (this.view.colourBy === "band") {
      const [least, most] = this.draft.band;
      return !row ? "#e4e4e0" : BAND_COLOURS[row.households < least ? "under" : row.households > most ? "over" : "within"];
    }
    return COLOURS[(this.draft.grids.get(code)?.colour ?? 0) % COLOURS.length];
  }

  *seen(view, special) {
    for (const code of this.draft.finder.near(view.box)) {
      const grid = this.draft.grids.get(code);
      if ((grid.kind === "special") === special) yield grid;
    }
  }

  paintFill(view) {
    const { context } = view;
    if (this.ground) this.ground.paintUnder(view);
    for (const grid of this.seen(view, false)) {
      context.beginPath();
      view.trace(grid.shape.rings);
      context.fillStyle = this.colour(grid.code);
      context.fill("evenodd");
    }
  }

  perMetre(view) {
    return (this.ground ? this.ground.pixel : 5e-6) * view.scale;
  }

  paintBlocks(view) {
    const { context } = view;
    context.beginPath();
    for (const number of this.draft.blockFinder.near(view.box)) view.trace(this.draft.blocks.get(number).shape.rings);
    context.strokeStyle = "rgba(30,36,46,.5)";
    context.lineWidth = 1;
    context.stroke();
  }

  paintStreets(view) {
    if (this.ground) this.ground.paintOver(view);
  }

  paintBorders(view) {
    const { context } = view;
    context.lineJoin = "round";
    if (this.view.showBlocks && this.perMetre(view) > BLOCKS_FROM_M) this.paintBlocks(view);
    context.beginPath();
    for (const grid of this.seen(view, false)) view.trace(grid.shape.rings);
    context.strokeStyle = RED;
    context.globalAlpha = 0.85;
    const perMetre = this.perMetre(view);
    context.lineWidth = perMetre < 0.05 ? 0.8 : perMetre < 0.6 ? 1.8 : 2.8;
    context.stroke();
    context.globalAlpha = 1;
    for (const grid of this.seen(view, true)) this.paintSpecial(view, grid);
    if (this.map.options.sharp) return;
    this.paintFlaws(view);
    for (const code of this.view.picked) this.outline(view, code, INK, 3.5);
  }

  paintSpecial(view, grid) {
    const { context } = view;
    context.beginPath();
    view.trace(grid.shape.rings);
    context.fillStyle = "rgba(90,40,140,.14)";
    context.fill("evenodd");
    context.setLineDash([8, 4]);
    context.strokeStyle = "#5a288c";
    context.lineWidth = 2.2;
    context.stroke();
    context.setLineDash([]);
  }

  outline(view, code, colour, width) {
    const grid = this.draft.grids.get(code);
    if (!grid) return;
    const { context } = view;
    context.beginPath();
    view.trace(grid.shape.rings);
    context.lineJoin = "round";
    for (const [ink, wide] of [["rgba(255,255,255,.95)", width + 4], [colour, width]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.stroke();
    }
  }

  paintFlaws(view) {
    const { context } = view;
    const size = this.perMetre(view) < FLAWS_SMALL_BELOW_M ? 0.4 : 1;
    for (const flaw of this.view.flawSpots || []) {
      const [x, y] = view.place(...flaw.place);
      const error = flaw.severity === "error";
      context.beginPath();
      if (error) {
        context.moveTo(x, y - 10 * size);
        context.lineTo(x + 10 * size, y + 7 * size);
        context.lineTo(x - 10 * size, y + 7 * size);
        context.closePath();
      } else context.arc(x, y, 7 * size, 0, 2 * Math.PI);
      context.fillStyle = error ? "#a8121b" : "#fff1d2";
      context.strokeStyle = error ? "#fff" : "#8a5a00";
      context.lineWidth = flaw.key === this.view.flaw ? 4 : 2 * size;
      context.fill();
      context.stroke();
    }
  }

  paintDoing(view) {
    const { context } = view;
    for (const { ghost } of this.draft.waiting) this.paintGhost(view, ghost, 0.75);
    if (this.draft.refused) this.paintGhost(view, this.draft.refused.edit.ghost, 0.55);
    if (this.view.ghost) this.paintGhost(view, this.view.ghost, 0.9);
    context.globalAlpha = 1;
    if (this.tool && this.tool.paint) this.tool.paint(view);
    if (this.view.crosshair) this.paintCrosshair(context);
  }

  paintGhost(view, ghost, strength) {
    const { context } = view;
    context.globalAlpha = strength;
    if (ghost.blocks) {
      context.beginPath();
      for (const number of ghost.blocks) view.trace(this.draft.blocks.get(number)?.shape.rings || []);
      context.fillStyle = ghost.code && this.draft.grids.has(ghost.code) ? this.colour(ghost.code) : "#fff";
      context.fill("evenodd");
      context.strokeStyle = INK;
      context.lineWidth = 1.6;
      context.stroke();
    }
    if (ghost.line) {
      context.beginPath();
      view.trace([ghost.line], Boolean(ghost.closed));
      context.setLineDash([7, 5]);
      context.strokeStyle = INK;
      context.lineWidth = 2.4;
      context.stroke();
      context.setLineDash([]);
    }
    context.globalAlpha = 1;
  }

  paintCrosshair(context) {
    const at = this.map.containerPointToLayerPoint(this.map.getSize().divideBy(2)).subtract(this.sheets.doing._bounds.min);
    for (const [ink, wide] of [["#fff", 5], [INK, 2]]) {
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(at.x + 4 * dx, at.y + 4 * dy);
        context.lineTo(at.x + 16 * dx, at.y + 16 * dy);
      }
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.stroke();
    }
  }
}
