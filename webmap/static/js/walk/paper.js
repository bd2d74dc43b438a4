// A walk typed in from paper: the day, from when to when, which streets.

import { make, onForm, part, section, Wrong } from "walk/screen.js";
import { tell } from "walk/voice.js";
import { language, say } from "walk/words.js";

export class PaperWalk {
  constructor(phone) {
    this.phone = phone;
    this.form = section("paper").querySelector("form");
    phone.shown.paper = () => this.open();
    this.form.elements.find.addEventListener("input", () => this.narrow());
    onForm("paper", () => this.send());
    this.acts = {};
  }

  open() {
    this.form.reset();
    const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);
    const first = new Date(Date.parse(today) - this.phone.kit.limits.drawn_days * 86400000).toISOString().slice(0, 10);
    Object.assign(this.form.elements.date, { value: today, max: today, min: first });
    part("ticks", this.form).replaceChildren(...[...this.names()].map(([name, ids]) =>
      make("label", {}, make("input", { type: "checkbox", value: ids.join(" ") }), make("span", { text: name }))));
  }

  /** The streets that have a name, each once, with the ids of its pieces. */
  names() {
    const found = new Map();
    for (const { id, properties: { name } } of this.phone.kit.streets.features) if (name) found.set(name, [...(found.get(name) || []), id]);
    return [...found].sort(([one], [other]) => one.localeCompare(other, language));
  }

  narrow() {
    const wanted = this.form.elements.find.value.trim();
    for (const label of part("ticks", this.form).children) label.hidden = !label.textContent.includes(wanted) && !label.firstChild.checked;
  }

  async send() {
    const { date, from, to, words } = this.form.elements;
    const streets = [...part("ticks", this.form).querySelectorAll("input:checked")].flatMap((tick) => tick.value.split(" ").map(Number));
    if (from.value >= to.value) throw new Wrong(say("paper_times"));
    if (!streets.length) throw new Wrong(say("paper_empty"));
    await this.phone.add("paper_walk", { date: date.value, from: from.value, to: to.value, streets, words: words.value.trim() });
    this.phone.fresh();
    this.phone.go("done");
    tell(say("walk_kept"));
  }
}
