// Checking in: by being there, by the code on the wall, or by typing what stands under it.

import { canRead, CodeReader, codeOf } from "walk/code_reader.js";
import { metresBetween } from "walk/ground.js";
import { onForm, part, section, write, Wrong } from "walk/screen.js";
import { shake, tell } from "walk/voice.js";
import { metres, say } from "walk/words.js";

export class CheckIn {
  constructor(phone, positions) {
    Object.assign(this, { phone, positions });
    this.section = section("check_in");
    this.reader = new CodeReader(this.section.querySelector("video"));
    Object.assign(phone.shown, { check_in: (code) => this.open(code), "leave check_in": () => this.reader.stop() });
    onForm("code", (form) => this.byCode(form.elements.code.value));
    this.acts = { "by-place": () => this.byPlace(), "by-camera": () => this.byCamera() };
  }

  async open(code = "") {
    part("camera", this.section).hidden = !canRead();
    part("wrong", this.section).textContent = "";
    this.section.querySelector("[name=code]").value = code;
    const near = this.nearest(await this.positions.here());
    write("near", near ? say("nearest", { name: near.name, metres: metres(near.away) }) : "");
  }

  nearest(fix) {
    if (!fix) return null;
    const points = this.phone.kit.check_points.map((point) => ({ ...point, away: metresBetween(fix, point) }));
    return points.sort((a, b) => a.away - b.away)[0] || null;
  }

  async byPlace() {
    const fix = await this.positions.here();
    if (!fix) { this.wrong(say("place_unknown")); return; }
    await this.add(fix, {});
  }

  async byCamera() {
    try {
      await this.reader.start((code) => this.byCode(code));
    } catch {
      this.wrong(say("no_camera"));
    }
  }

  async byCode(typed) {
    const code = codeOf(typed);
    if (!code) throw new Wrong(say("no_code"));
    await this.add(await this.positions.here(), { code });
  }

  async add(fix, said) {
    const where = fix ? { lon: fix.lon, lat: fix.lat, accuracy_m: fix.accuracy } : {};
    await this.phone.add("check_in", { ...said, ...where, walk: this.phone.walk?.id });
    this.section.querySelector("form").reset();
    shake(200);
    this.phone.fresh();
    this.phone.go("done");
    tell(say("checked_in"));
  }

  wrong(words) {
    part("wrong", this.section).textContent = words;
  }
}
