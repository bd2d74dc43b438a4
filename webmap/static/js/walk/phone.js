// This phone: who has it in hand, what it took along, the walk under way, and which state the page is in.

import { after, home, STATES } from "walk/machine.js";
import { show } from "walk/screen.js";

const KEPT_WALKS_MS = 30 * 24 * 3600 * 1000;

export class Phone {
  constructor(queue) {
    Object.assign(this, { queue, member: null, kit: null, walk: null, last: null, state: "loading", shown: {}, pulse: null });
    this.channel = new BroadcastChannel("gridpatrol-walk");
  }

  /** Read everything from the phone's database: after loading, and when another window changed it. */
  async load() {
    const wanted = await this.queue.note("in hand");
    const members = await this.queue.all("members");
    this.member = members.find((one) => one.person === wanted) || members[0] || null;
    this.kit = this.member ? (await this.queue.get("kits", this.member.person))?.kit || null : null;
    const open = (await this.queue.all("walks")).find((walk) => !walk.ended) || null;
    if (open && open.member !== this.member?.person) {
      this.member = members.find((one) => one.person === open.member) || this.member;
      this.kit = (await this.queue.get("kits", open.member))?.kit || this.kit;
    }
    this.walk = open;
  }

  /** Whether the person agreed to the text in force: what was said on this phone counts before the server has heard it. */
  get consent() {
    const said = this.member?.agreed;
    const asked = this.kit?.consent;
    if (!asked) return said > 0;
    return said === undefined ? asked.given : said === asked.version;
  }

  get facts() {
    // Without what the phone takes along there is nothing to agree to and nowhere to walk yet.
    return { member: this.member && this.kit, consent: this.consent, walk: this.walk };
  }

  begin() {
    this.move(home(this.facts));
  }

  /** Something happened: the table says where it leads. `shown[state](facts)` fills the section before it is seen. */
  go(happening, about) {
    const next = after(this.state, happening, this.facts);
    if (next !== this.state || happening in STATES[this.state]) this.move(next, about);
  }

  move(next, about) {
    const was = this.state;
    this.state = next;
    if (was !== next) this.shown[`leave ${was}`]?.(next);
    this.shown[next]?.(about, was);
    show(next, was);
    this.shown[`after ${next}`]?.(about, was);
  }

  /** Keep something that the server is to hear, together with whatever belongs to it, and have it sent soon. */
  async add(kind, facts, { at = Date.now(), id = crypto.randomUUID(), puts = {}, drops = {} } = {}) {
    const thing = { id, kind, at: new Date(at).toISOString(), ...facts };
    await this.queue.change({ ...puts, things: [{ id, member: this.member.person, thing }] }, drops);
    this.pulse?.soon(200);
    return id;
  }

  /** Take somebody else's side, or go on with what changed about the person in hand. */
  async keepMember(changes) {
    this.member = { ...this.member, ...changes };
    await this.queue.change({ members: [this.member] });
  }

  /** Other windows of this page read again what is kept. */
  changed() {
    this.channel.postMessage("changed");
  }

  /** Forget outings of long ago, with the green of their maps. */
  async tidy(now = Date.now()) {
    const old = (await this.queue.all("walks")).filter((walk) => walk.ended && now - walk.ended > KEPT_WALKS_MS);
    const seen = (await Promise.all(old.map((walk) => this.queue.all("seen", "walk", walk.id)))).flat();
    await this.queue.change({}, { walks: old.map((walk) => walk.id), seen: seen.map((row) => row.key) });
  }
}
