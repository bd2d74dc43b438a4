// A check-list of the community's, point by point: all right, something wrong, or not looked at.

import { make, onForm, part, section, Wrong } from "walk/screen.js";
import { tell } from "walk/voice.js";
import { say } from "walk/words.js";

const MARKS = { yes: true, no: false, none: null };

export class CheckList {
  constructor(phone, positions) {
    Object.assign(this, { phone, positions });
    this.section = section("check_list");
    this.form = this.section.querySelector("form");
    this.choice = this.form.elements.list;
    phone.shown.check_list = () => this.open();
    this.choice.addEventListener("change", () => this.showItems());
    onForm("check_list", () => this.send());
    this.acts = {};
  }

  get list() {
    return this.phone.kit.check_lists.find((list) => String(list.id) === this.choice.value);
  }

  open() {
    const lists = this.phone.kit.check_lists;
    this.form.reset();
    this.choice.replaceChildren(...lists.map((list) => make("option", { value: list.id, text: list.title })));
    part("which-list", this.form).hidden = lists.length < 2;
    part("no-lists", this.form).hidden = lists.length > 0;
    part("list-note", this.form).hidden = this.form.querySelector(".foot").hidden = !lists.length;
    part("wrong", this.form).textContent = "";
    this.showItems();
  }

  showItems() {
    part("items", this.form).replaceChildren(...(this.list?.items || []).map((item) => this.item(item)));
  }

  item({ id, title }) {
    const note = make("label", { class: "note", hidden: true }, say("what_is_wrong"), make("input", { name: `note-${id}`, maxlength: 500, autocomplete: "off" }));
    const mark = (value) => {
      const input = make("input", { type: "radio", name: `item-${id}`, value, checked: value === "none" });
      input.addEventListener("change", () => { note.hidden = value !== "no"; });
      return make("label", {}, input, make("span", { text: say(`mark_${value}`) }));
    };
    return make("fieldset", { class: "item" }, make("legend", { text: title }), make("div", { class: "three" }, ...Object.keys(MARKS).map(mark)), note);
  }

  async send() {
    const { list } = this;
    const field = (name) => this.form.elements[name];
    const marks = list.items.map(({ id }) => {
      const ok = MARKS[field(`item-${id}`).value];
      return { item: id, ok, note: ok === false ? field(`note-${id}`).value.trim() : "" };
    });
    if (marks.every(({ ok }) => ok === null)) throw new Wrong(say("list_empty"));
    const fix = this.positions.last;
    const where = fix ? { lon: fix.lon, lat: fix.lat } : {};
    await this.phone.add("check_list", { list: list.id, marks, note: field("note").value.trim(), ...where, walk: this.phone.walk?.id });
    this.phone.fresh();
    this.phone.go("done");
    tell(say("list_kept"));
  }
}
