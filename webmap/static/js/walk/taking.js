// Keeps what the phone takes along up to date: streets, categories, lists, check-points, the text to agree to.

import * as server from "walk/server.js";

const OLD_MS = 3600000;

export class Taking {
  constructor(phone) {
    Object.assign(this, { phone, asked: 0 });
  }

  /** Ask for a newer one; without a connection the phone goes on with what it has. */
  async refresh({ hurry = false } = {}) {
    const { queue, member } = this.phone;
    if (!member || (!hurry && Date.now() - this.asked < OLD_MS)) return;
    try {
      const known = await queue.get("kits", member.person);
      const heard = !(await this.saysSomething(member.person));
      const fresh = await server.kit(member.token, known?.etag);
      this.asked = Date.now();
      if (fresh) await this.keep(member.person, fresh);
      // Only a kit that was asked for after the server had heard it can know what was agreed to here.
      if (heard && !(await this.saysSomething(member.person))) await this.forgetWord(member.person);
    } catch {
      return;    // asked again with the next connection
    }
    this.phone.go("fresh");
  }

  async keep(person, { etag, kit }) {
    await this.phone.queue.change({ kits: [{ person, etag, kit }] });
    if (this.phone.member?.person === person) this.phone.kit = kit;
  }

  /** Whether an agreement or its withdrawal still waits to be sent. */
  async saysSomething(person) {
    const waiting = await this.phone.queue.all("things", "member", person);
    return waiting.some(({ thing }) => thing.kind === "consent" || thing.kind === "withdraw");
  }

  async forgetWord(person) {
    const { member } = this.phone;
    if (member?.person !== person || member.agreed === undefined) return;
    const { agreed, agreed_at: when, ...rest } = member;
    await this.phone.queue.change({ members: [rest] });
    this.phone.member = rest;
  }
}
