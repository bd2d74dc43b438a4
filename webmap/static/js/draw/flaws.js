// The flaws of the draft: counted in the corner, listed with what repairs them, shown on the map, accepted with a reason.

import { project } from "draw/geometry.js";

const G = window.gridpatrol;
const MOST = 200;

export class Flaws {
  constructor(root, corner, desk) {
    Object.assign(this, { root, corner, desk });
    this.list = root.querySelector("[data-list]");
    corner.addEventListener("click", () => {
      desk.tab("flaws");
      const first = this.open()[0];
      if (first && !desk.view.flaw) this.look(first);
    });
  }

  open() {
    const order = { error: 0, warning: 1 };
    const found = this.desk.draft.flaws.filter((flaw) => !flaw.accepted);
    return found.sort((a, b) => order[a.severity] - order[b.severity] || (b.area_m2 || 0) - (a.area_m2 || 0));
  }

  fill() {
    const { words, say, draft, view } = this.desk;
    const open = this.open();
    const errors = open.filter((flaw) => flaw.severity === "error").length;
    const accepted = draft.flaws.filter((flaw) => flaw.accepted);
    this.corner.textContent = open.length ? say(words.flaws_counted, { errors, warnings: open.length - errors }) : words.no_flaws;
    this.corner.className = "draw-count " + (errors ? "bad" : open.length ? "wait" : "good");
    view.flawSpots = open.filter((flaw) => flaw.lon != null).map((flaw) => ({ key: flaw.key, severity: flaw.severity, place: project(flaw.lon, flaw.lat) }));
    this.root.querySelector("[data-none]").hidden = open.length > 0;
    const rows = open.slice(0, MOST).map((flaw) => this.row(flaw));
    if (open.length > MOST) rows.push(G.make("li", { class: "quiet", text: say(words.first_only, { shown: MOST, all: open.length }) }));
    if (accepted.length) rows.push(G.make("li", { class: "heading", text: words.accepted_before }));
    this.list.replaceChildren(...rows, ...accepted.slice(0, MOST).map((flaw) => this.accepted(flaw)));
  }

  title(flaw) {
    const { words, desk } = { words: this.desk.words, desk: this.desk };
    const codes = [flaw.grid_code, flaw.other_code].filter(Boolean).map((code) => desk.short(code)).join(" · ");
    const area = flaw.area_m2 ? ` ${desk.say(words.square_metres, { area: flaw.area_m2 < 10 ? flaw.area_m2.toFixed(1) : Math.round(flaw.area_m2) })}` : "";
    return (words["flaw_" + flaw.kind] || flaw.title || flaw.kind) + area + (codes ? ` (${codes})` : "");
  }

  row(flaw) {
    const { words, desk } = { words: this.desk.words, desk: this.desk };
    const button = (text, does, style = "quiet") => {
      const made = G.make("button", { type: "button", class: style, text });
      made.addEventListener("click", does);
      return made;
    };
    const head = button(this.title(flaw), () => this.look(flaw), "plain flaw-title");
    head.prepend(G.make("em", { class: "flaw " + flaw.severity, text: flaw.severity === "error" ? "▲ " : "● " }));
    const chosen = desk.view.flaw === flaw.key;
    const parts = [head];
    if (flaw.advice) parts.push(G.make("p", { class: "quiet", text: flaw.advice }));
    if (chosen && desk.mayChange()) {
      const repairs = (flaw.repairs || []).map((repair) => {
        const choice = repair.choice ?? repair.key ?? repair;
        return button(repair.label || this.repairWords(choice), () => desk.edit("repair", { flaw: flaw.key, choice }, {}));
      });
      if (repairs.length) parts.push(G.make("div", { class: "row" }, repairs));
      parts.push(this.acceptance(flaw));
    }
    return G.make("li", { class: chosen ? "chosen" : "", "data-flaw": flaw.key, title: words["severity_" + flaw.severity] }, parts);
  }

  repairWords(choice) {
    const { words, say } = this.desk;
    const text = String(choice);
    if (this.desk.draft.grids.has(text)) return say(words.give_to, { grid: this.desk.short(text) });
    return words["repair_" + text] || text;
  }

  acceptance(flaw) {
    const { words } = this.desk;
    const field = G.make("input", { type: "text", maxlength: "200", placeholder: words.reason, "aria-label": words.reason });
    const form = G.make("form", { class: "row" }, [field, G.make("button", { class: "quiet", text: words.accept })]);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field.value.trim()) return field.focus();
      this.desk.view.flaw = null;
      await this.desk.accept(flaw.key, field.value.trim());
    });
    return form;
  }

  accepted(flaw) {
    const reason = G.make("p", { class: "quiet", text: `${this.desk.words.reason}: ${flaw.accepted}` });
    return G.make("li", { class: "accepted" }, [G.make("span", { text: this.title(flaw) }), reason]);
  }

  look(flaw) {
    const { desk } = this;
    desk.view.flaw = flaw.key;
    if (flaw.lon != null) desk.map.setView([flaw.lat, flaw.lon], Math.max(desk.map.getZoom(), 17));
    this.fill();
    desk.again("borders");
    this.list.querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  }

  /** The flaw whose mark is under the hand, if any. */
  at(place) {
    const reach = place.reach * 1.2;
    const hit = (this.desk.view.flawSpots || []).find((spot) => Math.hypot(spot.place[0] - place.x, spot.place[1] - place.y) < reach);
    return hit && this.desk.draft.flaws.find((flaw) => flaw.key === hit.key);
  }
}
