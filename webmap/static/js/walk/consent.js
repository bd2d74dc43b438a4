// What the person agrees to before anything is recorded, and taking it back.

import { part, parts, sure, write } from "walk/screen.js";
import { moment, say } from "walk/words.js";

export class ConsentText {
  constructor(phone) {
    this.phone = phone;
    Object.assign(phone.shown, { asked: () => this.fill(), privacy: () => this.fill() });
    this.acts = { agree: () => this.agree(), withdraw: () => this.withdraw() };
  }

  fill() {
    const { kit, member, consent } = this.phone;
    parts("terms").forEach((box) => { box.textContent = kit.consent.text; });
    write("terms-version", say("version", { n: kit.consent.version }));
    const given = member.agreed === undefined ? kit.consent.given_at && Date.parse(kit.consent.given_at) : member.agreed_at;
    write("consent-state", consent ? say("agreed_at", { name: member.name, at: given ? moment(given) : "–" }) : say("not_agreed", { name: member.name }));
    const privacy = part("consent-state").closest("section");
    privacy.querySelector("[data-act=withdraw]").hidden = !consent;
    privacy.querySelector("[data-act=agree]").hidden = consent;
  }

  async agree() {
    const { kit, member } = this.phone;
    const [version, at] = [kit.consent.version, Date.now()];
    const agreed = { ...member, agreed: version, agreed_at: at };
    await this.phone.add("consent", { version }, { at, puts: { members: [agreed] } });
    this.phone.member = agreed;
    this.phone.go("agreed");
  }

  async withdraw() {
    if (!(await sure(say("withdraw_sure"), say("withdraw_yes")))) return;
    if (this.phone.walk) await this.phone.stop("person");
    const taken = { ...this.phone.member, agreed: 0, agreed_at: null };
    await this.phone.add("withdraw", {}, { puts: { members: [taken] } });
    this.phone.member = taken;
    this.phone.go("changed");
  }
}
