// Choosing what it is: pictures, those used lately first, found by name or by the letters of its pinyin.

import { pictureOf } from "walk/pictures.js";
import { make, part, picture } from "walk/screen.js";
import { named, say } from "walk/words.js";

const AT_FIRST = 6;

/** The categories that fit what was typed, in their order: by part of the name, by pinyin or by its first letters. */
export function fitting(categories, typed) {
  const wanted = typed.trim().toLowerCase().replace(/\s+/g, "");
  if (!wanted) return categories;
  const letters = (row) => [row.initials, row.pinyin].map((one) => (one || "").toLowerCase());
  return categories.filter((row) => [row.zh, row.en, row.name].some((name) => (name || "").toLowerCase().replace(/\s+/g, "").includes(wanted))
    || letters(row)[0].includes(wanted) || letters(row)[1].startsWith(wanted));
}

export class Kinds {
  constructor(form, changed) {
    Object.assign(this, { form, changed, categories: [], chosen: null, all: false });
    form.elements.find.addEventListener("input", () => this.show());
  }

  fill(categories, chosen) {
    Object.assign(this, { categories, chosen, all: false });
    this.form.elements.find.value = "";
    this.show();
  }

  more() {
    this.all = true;
    this.show();
    part("tiles", this.form).querySelectorAll("button")[AT_FIRST]?.focus();
  }

  choose(id) {
    this.chosen = this.chosen === id ? null : id;
    part("tiles", this.form).querySelectorAll("button").forEach((tile) => tile.setAttribute("aria-pressed", String(Number(tile.dataset.id) === this.chosen)));
    this.changed();
  }

  show() {
    const typed = this.form.elements.find.value;
    const found = fitting(this.categories, typed);
    const shown = this.all || typed.trim() ? found : this.first(found);
    part("tiles", this.form).replaceChildren(...shown.map((row) => this.tile(row)));
    part("no-tile", this.form).hidden = shown.length > 0;
    this.form.querySelector("[data-act=more-tiles]").hidden = shown.length === found.length;
  }

  /** Those used lately, filled up; the chosen one is always among them. */
  first(rows) {
    const few = rows.slice(0, AT_FIRST);
    const chosen = rows.find((row) => row.id === this.chosen);
    return chosen && !few.includes(chosen) ? [...few, chosen] : few;
  }

  tile(row) {
    const path = pictureOf(row);
    const name = named(row);
    const mark = path ? picture(path) : make("b", { text: (row.zh || name).slice(0, 1), "aria-hidden": "true" });
    return make("button", { type: "button", "data-id": row.id, "aria-pressed": String(row.id === this.chosen),
      title: row.recent ? say("used_lately") : null, press: () => this.choose(row.id) }, mark, make("span", { text: name }));
  }
}
