// What was done to the draft, by whom and when, the newest first.

const G = window.gridpatrol;
const MOST = 300;

/** One change as a sentence: "14:32 Wang Fang: cut 012, 055". */
export function tellEdit(desk, edit) {
  const { words } = desk;
  const codes = (edit.codes || []).slice(0, 6).map((code) => desk.short(code)).join(", ");
  const undone = { undo: words.edit_undo, redo: words.edit_redo }[edit.action];
  const what = [undone, words["edit_" + edit.kind] || edit.kind].filter(Boolean).join(" ");
  return `${edit.by || ""} ${what}${codes ? ` ${codes}` : ""}`.trim();
}

export const clock = (moment) => new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export class History {
  constructor(root, desk) {
    Object.assign(this, { root, desk });
    this.list = root.querySelector("[data-list]");
  }

  async fill() {
    const edits = (await this.desk.draft.api.edits()).slice(-MOST).reverse();
    this.root.querySelector("[data-none]").hidden = edits.length > 0;
    const rows = edits.map((edit) => {
      const codes = (edit.codes || []).filter((code) => this.desk.draft.grids.has(code));
      const row = G.make("button", { type: "button", class: "plain" }, [
        G.make("time", { datetime: edit.at, text: clock(edit.at) }),
        G.make("span", { text: tellEdit(this.desk, edit) }),
      ]);
      row.addEventListener("click", () => codes.length && this.desk.lookAt(codes));
      return G.make("li", {}, [row]);
    });
    this.list.replaceChildren(...rows);
  }
}
