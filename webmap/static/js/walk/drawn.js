// A walk drawn by hand, for whoever had no phone along: tap corner after corner, or set each at the cross in the middle.

import { lengthOf } from "walk/ground.js";
import { WalkMap } from "walk/map.js";
import { onForm, part, section, write, Wrong } from "walk/screen.js";
import { tell } from "walk/voice.js";
import { metres, say } from "walk/words.js";

const LINE = { color: "#a8121b", weight: 6, interactive: false };
const CORNER = { radius: 6, color: "#a8121b", weight: 3, fillColor: "#ffffff", fillOpacity: 1, interactive: false };
const MINUTES_A_KILOMETRE = 18;

export class DrawnWalk {
  constructor(phone) {
    Object.assign(this, { phone, map: null, corners: [] });
    this.form = section("drawn").querySelector("form");
    Object.assign(phone.shown, { drawn: () => this.open(), "after drawn": () => this.showMap(), "leave drawn": () => this.close() });
    onForm("drawn", () => this.send());
    this.acts = { "set-corner": () => this.add(this.map.map.getCenter()), "take-corner": () => this.takeBack() };
  }

  open() {
    this.corners = [];
    this.form.reset();
    const began = new Date(Date.now() - 3600000);
    const days = this.phone.kit.limits.drawn_days;
    this.form.elements.began.value = local(began);
    this.form.elements.began.min = local(new Date(Date.now() - days * 86400000));
    this.form.elements.began.max = local(new Date());
    this.touched = false;
    this.form.elements.minutes.oninput = () => { this.touched = true; };
    this.said();
  }

  showMap() {
    this.map = new WalkMap(part("draw-map"), this.phone.kit, { moves: true });
    this.map.shown();
    this.line = L.polyline([], LINE).addTo(this.map.map);
    this.dots = L.layerGroup().addTo(this.map.map);
    this.map.map.on("click", (event) => this.add(event.latlng));
  }

  close() {
    this.map?.remove();
    this.map = null;
  }

  add({ lat, lng }) {
    if (this.corners.length >= this.phone.kit.limits.line_points) return;
    this.corners.push({ lat, lon: lng });
    this.show();
  }

  takeBack() {
    this.corners.pop();
    this.show();
  }

  show() {
    const places = this.corners.map(({ lat, lon }) => [lat, lon]);
    this.line.setLatLngs(places);
    this.dots.clearLayers();
    places.forEach((place) => L.circleMarker(place, CORNER).addTo(this.dots));
    const minutes = this.form.elements.minutes;
    if (!this.touched) minutes.value = this.corners.length > 1 ? Math.max(1, Math.round((lengthOf(this.corners) / 1000) * MINUTES_A_KILOMETRE)) : "";
    this.said();
  }

  said() {
    write("drawn-length", say("drawn_so_far", { n: this.corners.length, metres: metres(lengthOf(this.corners)) }));
  }

  async send() {
    if (this.corners.length < 2) throw new Wrong(say("drawn_too_few"));
    const { began, minutes, words } = this.form.elements;
    const line = this.corners.map(({ lon, lat }) => [lon, lat]);
    await this.phone.add("drawn_walk", { began: new Date(began.value).toISOString(), minutes: Number(minutes.value), line, words: words.value.trim() });
    this.phone.fresh();
    this.phone.go("done");
    tell(say("walk_kept"));
  }
}

/** A moment as the field for day and time writes it. */
function local(at) {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
