// The card of the chosen grid: its figures, its name to type over, why it was drawn so, and how to do away with it.

import { beyond } from "draw/table.js";

const G = window.gridpatrol;

export class Card {
  constructor(root, desk) {
    Object.assign(this, { root, desk, code: null });
    this.name = root.querySelector("[data-name]");
    this.name.addEventListener("change", () => this.rename());
    this.name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.name.blur();
      if (event.key === "Escape") {
        this.name.value = this.row?.name || "";
        this.name.blur();
      }
    });
    root.querySelector("[data-do=look]").addEventListener("click", () => this.code && desk.look(this.code));
    root.querySelector("[data-do=unpick]").addEventListener("click", () => desk.pick(null));
    this.reason = root.querySelector("[data-void]");
    this.reason.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = this.reason.querySelector("input");
      if (!field.value.trim()) return field.focus();
      desk.edit("void", { code: this.code, reason: field.value.trim() }, {});
      field.value = "";
      this.reason.closest("details").open = false;
    });
  }

  rename() {
    const wanted = this.name.value.trim();
    if (this.row && wanted !== (this.row.name || "")) this.desk.edit("rename", { code: this.code, name: wanted }, {});
  }

  show() {
    const code = this.desk.brush();
    const row = code && this.desk.draft.rows.get(code);
    this.root.hidden = !row;
    if (!row) return;
    const { words, say, draft } = this.desk;
    const other = code !== this.code;
    this.code = code;
    this.row = row;
    this.root.querySelector("[data-code]").textContent = code;
    if (other || document.activeElement !== this.name) this.name.value = row.name || "";
    if (other) this.root.querySelector("details").open = false;
    const far = row.kind === "special" ? 0 : beyond(row.households, draft.band);
    const verdict = this.root.querySelector("[data-verdict]");
    verdict.textContent = row.kind === "special" ? words.is_special : far ? say(row.households < draft.band[0] ? words.too_few : words.too_many, { households: far }) : words.in_band;
    verdict.className = "verdict" + (far ? " bad" : " good");
    const facts = [
      [words.households, row.households],
      [words.residents, row.residents],
      [words.buildings, row.buildings],
      [words.street_metres, row.street_metres == null ? "–" : Math.round(row.street_metres)],
      [words.open_incidents, row.open_incidents ?? "–"],
    ];
    const pairs = facts.map(([name, value]) => G.make("div", {}, [G.make("dt", { text: name }), G.make("dd", { text: String(value) })]));
    this.root.querySelector("dl").replaceChildren(...pairs);
    this.root.querySelector("[data-why]").textContent = row.explanation || "";
  }
}
