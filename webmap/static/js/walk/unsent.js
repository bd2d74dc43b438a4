// What the server has not said yes to: how much, why, sending it by hand, and keeping it as a file.

import { retry } from "walk/sending.js";
import { make, part, sure, write } from "walk/screen.js";
import { tell } from "walk/voice.js";
import { moment, say } from "walk/words.js";

export class Unsent {
  constructor(phone) {
    this.phone = phone;
    phone.shown.unsent = () => this.show();
    this.acts = { send: () => this.send(), export: () => this.export() };
  }

  async show() {
    const { queue } = this.phone;
    const { things, fixes, photos, all } = await queue.unsent();
    write("unsent-title", say("unsent", { n: all }));
    write("unsent-how", all ? say("unsent_how", { things, fixes, photos }) : say("nothing_unsent"));
    const [members, rows, pictures] = await Promise.all(["members", "things", "photos"].map((store) => queue.all(store)));
    const names = new Map(members.map((member) => [member.person, member.name]));
    const blocked = members.filter((member) => member.unknown).map((member) => make("li", {}, make("p", { class: "wrong", text: say("sign_in_again_of", { name: member.name, why: member.unknown }) })));
    const refused = pictures.filter((photo) => photo.refused);
    part("unsent-rows").replaceChildren(...blocked, ...rows.map((row) => this.row(row, members.length > 1 ? names.get(row.member) : "")),
      ...refused.map((photo) => this.photo(photo)));
  }

  row(row, name) {
    const { thing } = row;
    const what = make("p", { text: [say(`kind_${thing.kind}`), moment(Date.parse(thing.at)), name].filter(Boolean).join(" · ") });
    if (!row.refused) return make("li", {}, what);
    return make("li", {}, what, make("p", { class: "wrong", text: say("refused", { why: row.refused }) }), make("div", { class: "two" },
      make("button", { type: "button", class: "quiet", text: say("try_again"), press: () => this.again(row) }),
      make("button", { type: "button", class: "quiet", text: say("drop"), press: () => this.drop("things", row.n) })));
  }

  photo(photo) {
    return make("li", {}, make("p", { text: say("a_photo") }), make("p", { class: "wrong", text: say("refused", { why: photo.refused }) }),
      make("button", { type: "button", class: "quiet", text: say("drop"), press: () => this.drop("photos", photo.id) }));
  }

  async again(row) {
    await retry(this.phone.queue, row.member, (other) => other.n === row.n);
    await this.send();
  }

  async drop(store, key) {
    if (!(await sure(say("drop_sure"), say("drop")))) return;
    await this.phone.queue.change({}, { [store]: [key] });
    await this.show();
    this.phone.fresh();
  }

  async send() {
    tell(say("sending"));
    await this.phone.pulse.now();
    const all = await this.phone.fresh();
    tell(all ? say("unsent", { n: all }) : say("nothing_unsent"));
    if (this.phone.state === "unsent") await this.show();
  }

  /** Everything unsent as one file that the office can read, should the phone never reach the server again. */
  async export() {
    const { queue } = this.phone;
    const members = (await queue.all("members")).map(({ person, number, name, device, community }) => ({ person, number, name, device, community }));
    const body = { format: "gridpatrol-walk-1", at: new Date().toISOString(), members, ...(await queue.takeAway()) };
    const address = URL.createObjectURL(new Blob([JSON.stringify(body)], { type: "application/json" }));
    const day = body.at.slice(0, 16).replace(/[-:T]/g, "");
    make("a", { href: address, download: `gridpatrol-${day}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell(say("exported"));
  }
}
