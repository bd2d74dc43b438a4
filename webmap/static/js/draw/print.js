// The sheet an office prints: the map as it is shown, larger than life in pixels, with legend, scale, north and sources.

import { BAND_COLOURS } from "draw/picture.js";

const G = window.gridpatrol;
const SHARP = 2.5;

export class Sheets {
  constructor(desk) {
    this.desk = desk;
    this.legend = desk.page.querySelector("[data-part=legend]");
  }

  on() {
    const { desk } = this;
    this.before = { centre: desk.map.getCenter(), zoom: desk.map.getZoom() };
    const size = desk.box(desk.draft.grids.keys());
    const tall = desk.map.project(size.getSouthEast()).subtract(desk.map.project(size.getNorthWest()));
    document.body.classList.add("draw-printing");
    document.body.classList.toggle("draw-upright", tall.y > tall.x);
    desk.map.options.sharp = SHARP;
    this.fillLegend();
    desk.map.invalidateSize({ animate: false });
    desk.lookAtAll({ padding: [12, 12] });
    desk.picture.tool = null;
    desk.again();
  }

  off() {
    const { desk } = this;
    document.body.classList.remove("draw-printing", "draw-upright");
    delete desk.map.options.sharp;
    desk.map.invalidateSize({ animate: false });
    desk.map.setView(this.before.centre, this.before.zoom, { animate: false });
    desk.take(desk.name);
  }

  get open() {
    return document.body.classList.contains("draw-printing");
  }

  fillLegend() {
    const { desk } = this;
    const { draft, words } = desk;
    const rows = [...draft.rows.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
    const items = desk.view.colourBy === "band" ? this.bandItems(rows, draft.band) : [];
    const grids = rows.map((row) => this.item(desk.picture.colour(row.code), [desk.short(row.code), row.name].filter(Boolean).join(" "), desk.say(words.n_households, { households: row.households })));
    this.legend.replaceChildren(...items, ...grids);
  }

  bandItems(rows, [least, most]) {
    const { words, say } = this.desk;
    const tiling = rows.filter((row) => row.kind !== "special");
    const count = (test) => say(words.n_grids, { grids: tiling.filter(test).length });
    return [
      this.item(BAND_COLOURS.under, say(words.legend_under, { least }), count((row) => row.households < least)),
      this.item(BAND_COLOURS.within, say(words.legend_within, { least, most }), count((row) => row.households >= least && row.households <= most)),
      this.item(BAND_COLOURS.over, say(words.legend_over, { most }), count((row) => row.households > most)),
    ];
  }

  item(colour, name, figure) {
    return G.make("li", {}, [G.make("i", { colour }), G.make("b", { text: name }), G.make("span", { text: figure })]);
  }
}
