// Whose phone this is: one person or several of a team, each confirmed once by their own sign-in.

import { onForm, make, part, section, sure, Wrong } from "walk/screen.js";
import * as server from "walk/server.js";
import { say } from "walk/words.js";

export class Members {
  constructor(phone) {
    this.phone = phone;
    Object.assign(phone.shown, { nobody: () => this.lookWhoIsSignedIn(), members: () => this.list() });
    onForm("enrol", async (form) => {
      await this.enrol({ login: form.elements.login.value.trim(), password: form.elements.password.value });
      form.reset();
    });
    this.acts = {
      "enrol-me": async (button) => {
        try {
          await this.enrol({});
        } catch (problem) {
          if (!(problem instanceof Wrong)) throw problem;
          part("wrong", section("nobody")).textContent = problem.message;
          button.focus();
        }
      },
      leave: () => this.leave(),
    };
  }

  /** Whoever has signed in on the other pages already needs no second password. */
  async lookWhoIsSignedIn() {
    const box = part("as-signed-in");
    box.hidden = true;
    const told = await server.form().catch(() => ({}));
    if (!told.signed_in || this.phone.state !== "nobody") return;
    box.hidden = false;
    box.querySelector("button").textContent = say("i_am", { name: told.signed_in.name || told.signed_in.login });
  }

  async enrol(who) {
    const { queue } = this.phone;
    let id = await queue.note("phone");
    if (!id) {
      id = crypto.randomUUID();
      await queue.keepNote("phone", id);
    }
    const told = await server.enrol(id, who);
    const member = { person: told.person.id, number: told.person.number, name: told.person.name, token: told.token,
      device: told.device, community: told.community, team: told.team, unknown: null };
    const { etag, kit } = await server.kit(member.token);
    await queue.change({ members: [member], kits: [{ person: member.person, etag, kit }], notes: [{ name: "in hand", value: member.person }] });
    await this.phone.load();
    this.phone.changed();
    this.phone.pulse.soon();
    this.phone.go("enrolled");
  }

  async list() {
    const { queue, member } = this.phone;
    const rows = await queue.all("members");
    part("members").replaceChildren(...rows.map((row) => {
      const mine = row.person === member?.person;
      const choose = make("button", { type: "button", class: mine ? "main" : "quiet", "aria-pressed": String(mine),
        text: mine ? say("walks_now", { name: row.name }) : row.name, press: () => this.choose(row) });
      return make("li", {}, choose, row.unknown ? make("p", { class: "wrong", text: row.unknown }) : null);
    }));
  }

  async choose(row) {
    await this.phone.queue.keepNote("in hand", row.person);
    await this.phone.load();
    this.phone.changed();
    this.phone.go("changed");
  }

  /** Take the person in hand off this phone; only when nothing of theirs waits, because it could not be sent afterwards. */
  async leave() {
    const { queue, member } = this.phone;
    const waiting = await Promise.all(["things", "fixes", "photos"].map((store) => queue.count(store, "member", member.person)));
    if (waiting.some(Boolean)) return sure(say("send_before_leaving"), say("understood"));
    if (!(await sure(say("leave_sure", { name: member.name }), say("leave_yes")))) return undefined;
    try {
      await server.leave(member.token);
    } catch (problem) {
      if (!member.unknown) return sure(problem.message, say("understood"));
    }
    const told = await queue.all("told", "member", member.person);
    await queue.change({}, { members: [member.person], kits: [member.person], told: told.map((row) => row.id) });
    await this.phone.load();
    this.phone.changed();
    return this.phone.go("changed");
  }
}
