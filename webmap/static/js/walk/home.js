// What stands around everything: who walks, what was not sent yet, whether there is a connection, what was reported.

import { make, notice, part, write } from "walk/screen.js";
import { metres, moment, named, say } from "walk/words.js";

export class Home {
  constructor(phone) {
    Object.assign(this, { phone, reached: navigator.onLine, offered: null });
    Object.assign(phone.shown, { ready: () => this.ready() });
    phone.fresh = () => this.count();
    window.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.offer(event);
    });
    this.acts = { install: () => this.install() };
  }

  offer(event) {
    this.offered = event;
    document.querySelector("[data-act=install]").hidden = !event;
  }

  async install() {
    await this.offered?.prompt();
    this.offer(null);
  }

  async ready() {
    const { member, kit } = this.phone;
    write("name", member.name);
    write("place", [kit.community.name, kit.team?.name].filter(Boolean).join(" · "));
    await Promise.all([this.notices(), this.mine(), this.count()]);
  }

  async notices() {
    const { member, last } = this.phone;
    const said = [];
    if (member.unknown) said.push(notice(member.unknown));
    if (!isSecureContext) said.push(notice(say("no_position_insecure")));
    const latest = last || (await this.phone.queue.all("walks", "member", member.person)).filter((walk) => walk.ended).sort((a, b) => b.ended - a.ended)[0];
    if (latest) said.push(notice(say("last_walk", { at: moment(latest.started), metres: metres(latest.metres) }), "good"));
    part("notices").replaceChildren(...said);
  }

  async mine() {
    const { queue, member, kit } = this.phone;
    const rows = (await queue.all("told", "member", member.person)).sort((a, b) => b.at - a.at).slice(0, 5);
    part("mine").hidden = !rows.length;
    const kinds = new Map(kit.categories.map((category) => [category.id, category]));
    part("mine").querySelector("ul").replaceChildren(...rows.map((row) => make("li", {},
      make("span", { text: `${moment(row.at)} ${named(kinds.get(row.category) || {}) || row.words || say("a_report")}` }),
      make("b", { text: row.number || (row.refused ? say("not_taken") : say("waits")) }))));
  }

  /** The count that is always in sight. */
  async count() {
    const { all } = await this.phone.queue.unsent();
    const box = part("unsent");
    box.hidden = !this.phone.member && !all;
    write("unsent", say("unsent", { n: all }));
    part("link").hidden = this.reached;
    if (this.phone.state === "over") write("over-sent", all ? say("over_waits", { n: all }) : say("over_sent"));
    return all;
  }

  /** Whether the server was reached the last time. */
  link(reached) {
    this.reached = reached;
    return this.count();
  }
}
