// A walk from start to stop: every fix is written down before it is shown, and the walk ends by itself when forgotten.

import { Awake } from "walk/awake.js";
import { ringsOf, WalkMap } from "walk/map.js";
import { begin, forgottenEnd, step, verdict } from "walk/outing.js";
import { Positions, signal } from "walk/positions.js";
import { notice, part, write } from "walk/screen.js";
import { Streets } from "walk/streets.js";
import { quiet, tell, warn } from "walk/voice.js";
import { clock, metres, say, spokenTime } from "walk/words.js";

const TICK_MS = 1000;
const GAP_MS = 60000;
const RECORDING = "gridpatrol-walk-recording";

export class Walking {
  constructor(phone) {
    Object.assign(this, { phone, map: null, streets: null, warned: null, problem: null, elsewhere: false, gap: 0, release: null });
    this.writing = Promise.resolve();
    this.awake = new Awake();
    this.positions = new Positions((fix) => this.take(fix), (problem) => this.failed(problem));
    Object.assign(phone.shown, {
      walking: () => this.figures(), "after walking": () => this.drawMap(),
      ending: () => write("so-far", this.soFar()), over: (about) => this.over(about),
    });
    phone.stop = (why) => this.stop(why);
    this.acts = { start: () => this.start(), stop: () => this.stop("person") };
    setInterval(() => this.tick(), TICK_MS);
  }

  async start() {
    const { phone } = this;
    const [id, at] = [crypto.randomUUID(), Date.now()];
    const walk = begin(id, phone.member.person, at);
    await phone.add("start", { walk: id }, { at, puts: { walks: [walk] } });
    phone.walk = walk;
    phone.changed();
    phone.go("started");
    tell(say("started"));
    await this.record();
  }

  /** Go on with the walk of before a reload or a crash; one that should have ended long ago is ended. */
  async resume() {
    const { phone } = this;
    const { walk } = phone;
    if (!walk) return;
    if (verdict(walk, Date.now(), phone.kit.limits)?.act === "stop") {
      await this.stop("longest", forgottenEnd(walk, phone.kit.limits));
      return;
    }
    if (walk.last && Date.now() - walk.last.at > GAP_MS) this.gap = Date.now() - walk.last.at;
    await this.record();
  }

  /** Of several windows on one phone one records; the others wait until it is closed. */
  async record() {
    const { walk } = this.phone;
    this.elsewhere = !(await this.tryToRecord(walk, { ifAvailable: true }));
    if (this.elsewhere) this.tryToRecord(walk, {});
    this.notices();
  }

  tryToRecord(walk, how) {
    return new Promise((resolve) => {
      navigator.locks.request(RECORDING, how, async (lock) => {
        if (lock) await this.takeOver(walk);
        resolve(Boolean(lock));
        if (!lock || this.phone.walk?.id !== walk.id) return;
        await new Promise((end) => { this.release = end; });
      });
    });
  }

  /** Another window may have gone on meanwhile: what it wrote down last is what this one begins with. */
  async takeOver({ id }) {
    const { phone } = this;
    await phone.load();
    if (phone.walk?.id !== id) { this.elsewhere = Boolean(phone.walk); return; }
    this.elsewhere = false;
    this.streets = new Streets(phone.kit.streets.features, phone.kit.community.bounds);
    this.streets.remember(await phone.queue.all("seen", "walk", id));
    this.green();
    this.notices();
    this.awake.keep(true);
    this.positions.start(phone.walk.last);
  }

  take(fix) {
    const { phone } = this;
    const { walk, member, kit } = phone;
    if (!walk || walk.ended) return;
    const next = step(walk, fix, this.outline, kit.limits);
    const touched = next.metres > walk.metres ? this.streets.walk(walk.counted, next.counted) : new Set();
    if (touched.size) next.seen_m = this.streets.metres;
    phone.walk = next;
    const seen = [...touched].map((street) => ({ key: `${walk.id}/${street}`, walk: walk.id, street, marks: [...this.streets.marksOf(street)] }));
    const fixes = [{ ...fix, member: member.person, walk: walk.id }];
    // One after the other, so that the figures kept last are the last ones.
    this.writing = this.writing.then(() => phone.queue.change({ fixes, walks: [next], seen })).then(
      () => this.written(fix, touched), () => warn(say("storage_full")));
    this.check();
  }

  written(fix, touched) {
    this.problem = null;
    this.phone.fresh?.();
    this.figures();
    this.map?.me(fix);
    if (touched.size) this.green();
  }

  get outline() {
    const { community } = this.phone.kit;
    if (this.outlined !== community) Object.assign(this, { outlined: community, rings: ringsOf(community.outline) });
    return this.rings;
  }

  failed(problem) {
    this.problem = problem;
    this.notices();
    if (problem === "denied" || problem === "insecure") warn(say(`no_position_${problem}`));
  }

  async tick() {
    if (!this.phone.walk) return;
    if (this.elsewhere) await this.phone.load();
    this.check();
    this.figures();
  }

  /** Warn before a walk ends by itself, and end it. */
  check() {
    const { walk, kit } = this.phone;
    const said = walk && !this.elsewhere ? verdict(walk, Date.now(), kit.limits) : null;
    // What was recorded outside is nobody's business: such a walk ends when it left.
    if (said?.act === "stop") { this.stop(said.why, said.why === "outside" ? walk.inside : Date.now()); return; }
    if (said?.why === this.warned) return;
    this.warned = said?.why ?? null;
    if (said) warn(say(`warn_${said.why}`, { time: spokenTime(Math.max(said.left, 60000)) }));
    else quiet();
  }

  async stop(why, at = Date.now()) {
    const { phone } = this;
    const { walk } = phone;
    if (!walk || walk.ended) return;
    const over = { ...walk, ended: at, why };
    phone.walk = null;
    this.letGo();
    await this.writing;
    await phone.add("stop", { walk: walk.id, why }, { at, puts: { walks: [over] } });
    phone.last = over;
    phone.changed();
    if (why !== "person") warn(say(`ended_${why}`));
    else quiet();
    phone.go("stopped", over);
  }

  letGo() {
    this.positions.stop();
    this.awake.keep(false);
    this.release?.();
    this.map?.remove();
    Object.assign(this, { map: null, streets: null, warned: null, problem: null, elsewhere: false, gap: 0, release: null });
  }

  /** Another window started or ended a walk. */
  async changedElsewhere() {
    const { phone } = this;
    const before = phone.walk?.id;
    // The window that records knows better than the database, until the walk was ended in another one.
    if (before && this.release && !(await phone.queue.get("walks", before)).ended) return;
    await phone.load();
    if (before !== phone.walk?.id) {
      this.letGo();
      if (phone.walk) await this.record();
    }
    phone.go("fresh");
  }

  figures() {
    const { walk, state } = this.phone;
    if (!walk) return;
    const time = Date.now() - walk.started;
    if (state === "pocket") write("pocket-time", this.soFar());
    if (state !== "walking") return;
    write("time", clock(time));
    write("metres", metres(walk.metres));
    write("seen", metres(walk.seen_m));
    const level = signal(walk.last);
    write("signal", say(`signal_${level}`));
    part("signal").dataset.level = level;
    this.notices();
  }

  soFar() {
    const { walk } = this.phone;
    return walk ? say("so_far", { time: spokenTime(Date.now() - walk.started), metres: metres(walk.metres) }) : "";
  }

  /** What the walker has to know: few sentences, each with what to do. */
  notices() {
    const said = [];
    if (this.elsewhere) said.push(say("recorded_elsewhere"));
    if (this.problem) said.push(say(`no_position_${this.problem}`));
    if (this.gap) said.push(say("gap", { time: spokenTime(this.gap) }));
    if (!this.awake.holds && !this.elsewhere) said.push(say("keep_screen_on"));
    const key = said.join("\n");
    const box = part("walk-notices");
    if (box.dataset.key === key) return;
    box.dataset.key = key;
    box.replaceChildren(...said.map((words) => notice(words)));
  }

  drawMap() {
    const { kit, walk } = this.phone;
    if (!walk) return;
    this.map ||= new WalkMap(part("map"), kit);
    this.map.shown();
    if (walk.last) this.map.me(walk.last);
    this.green();
  }

  green() {
    if (this.map && this.streets) this.map.green([...this.streets.marks.keys()].flatMap((id) => this.streets.green(id)));
  }

  over(walk = this.phone.last) {
    write("why-over", walk.why === "person" ? "" : say(`ended_${walk.why}`));
    write("over-time", clock(walk.ended - walk.started));
    write("over-metres", metres(walk.metres));
    write("over-seen", metres(walk.seen_m));
    this.phone.fresh?.();
  }
}
