// Reporting what was found: photos, what it is, a line of words. Half-written, it is kept like everything else: taking a
// photo is what makes a small phone throw a page away.

import { Kinds } from "walk/kinds.js";
import { shrink } from "walk/photo.js";
import { make, onForm, part, section, write, Wrong } from "walk/screen.js";
import { tell } from "walk/voice.js";
import { say } from "walk/words.js";

const NOTE = "report";
const TYPING_MS = 400;

export class Report {
  constructor(phone, positions) {
    Object.assign(this, { phone, positions, photos: [], place: null, following: null, pictures: [] });
    this.section = section("report");
    this.form = this.section.querySelector("form");
    this.kinds = new Kinds(this.form, () => this.keep());
    Object.assign(phone.shown, { report: () => this.open(), told: (about) => this.told(about) });
    onForm("report", () => this.send());
    this.form.elements.photo.addEventListener("change", (event) => this.take(event.target));
    this.form.addEventListener("input", (event) => {
      if (!["words", "address"].includes(event.target.name)) return;
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.keep(), TYPING_MS);
    });
    this.acts = { "more-tiles": () => this.kinds.more() };
  }

  /** Whether a half-written report was left behind by a page that is gone. */
  async isBegun() {
    return (await this.phone.queue.note(NOTE))?.member === this.phone.member?.person;
  }

  async open() {
    const { queue, member, kit } = this.phone;
    const begun = await queue.note(NOTE);
    const mine = begun?.member === member.person ? begun : {};
    this.photos = mine.photos || [];
    this.form.elements.words.value = mine.words || "";
    this.form.elements.address.value = mine.address || "";
    part("wrong", this.form).textContent = "";
    this.kinds.fill(kit.categories, mine.category ?? null);
    this.showPhotos();
    await this.findPlace();
  }

  async findPlace() {
    write("where", say("asking_place"));
    part("address", this.form).hidden = true;
    this.place = await this.positions.here();
    write("where", this.place ? say("place_known", { metres: Math.round(this.place.accuracy ?? 0) || "?" }) : say("place_unknown"));
    part("address", this.form).hidden = Boolean(this.place);
  }

  async take(input) {
    const files = [...input.files];
    input.value = "";
    const most = this.phone.kit.limits.photos_per_report;
    for (const file of files) {
      if (this.photos.length >= most) break;
      try {
        const photo = await shrink(file, Math.min(1600, this.phone.kit.limits.photo_longest));
        this.photos.push({ id: crypto.randomUUID(), ...photo });
      } catch {
        part("wrong", this.form).textContent = say("no_picture");
      }
    }
    await this.keep();
    this.showPhotos();
    tell(say("photos", { n: this.photos.length }));
  }

  showPhotos() {
    this.pictures.forEach((address) => URL.revokeObjectURL(address));
    this.pictures = this.photos.map(({ type, bytes }) => URL.createObjectURL(new Blob([bytes], { type })));
    part("photos", this.form).replaceChildren(...this.photos.map((photo, i) => make("figure", {},
      make("img", { src: this.pictures[i], alt: say("photo_n", { n: i + 1 }) }),
      make("button", { type: "button", text: say("drop_photo"), "aria-label": say("drop_photo_n", { n: i + 1 }), press: () => this.dropPhoto(photo.id) }))));
    part("take", this.form).hidden = this.photos.length >= this.phone.kit.limits.photos_per_report;
  }

  async dropPhoto(id) {
    this.photos = this.photos.filter((photo) => photo.id !== id);
    await this.keep();
    this.showPhotos();
  }

  keep() {
    const { words, address } = this.form.elements;
    const value = { member: this.phone.member.person, category: this.kinds.chosen, words: words.value, address: address.value, photos: this.photos };
    return this.phone.queue.keepNote(NOTE, value);
  }

  async send() {
    const { phone, place, photos } = this;
    const [words, address] = ["words", "address"].map((name) => this.form.elements[name].value.trim());
    const category = this.kinds.chosen;
    if (!photos.length && !words && category === null) throw new Wrong(say("report_empty"));
    if (!place && !address) throw new Wrong(say("report_nowhere"));
    clearTimeout(this.typing);
    const [id, at, member] = [crypto.randomUUID(), Date.now(), phone.member.person];
    const where = place ? { lon: place.lon, lat: place.lat, accuracy_m: place.accuracy } : { address };
    const thing = { category, words, ...where, walk: phone.walk?.id, photos: photos.map((photo) => ({ id: photo.id, role: "scene" })) };
    await phone.add("report", thing, { id, at, puts: {
      photos: photos.map(({ id: photo, type, bytes }) => ({ id: photo, member, of: id, type, bytes })),
      told: [{ id, member, at, category, words, number: null }],
    }, drops: { notes: [NOTE] } });
    this.following = id;
    this.photos = [];
    phone.fresh();
    phone.go("sent", {});
  }

  /** The server has said yes or no to a report: shown where it is still looked at, said in any case. */
  answered(thing, answer) {
    const words = answer.number ? say("received", { number: answer.number }) : answer.status === "refused" ? say("refused", { why: answer.reason || "" }) : say("received_plain");
    tell(words);
    if (this.phone.state === "told" && thing.id === this.following) this.told(answer);
  }

  told({ number, status, reason } = {}) {
    write("told-title", number || status ? say(status === "refused" ? "not_taken" : "received_plain") : say("kept_on_phone"));
    write("told-number", number ? say("number", { number }) : "");
    write("told-how", status === "refused" ? reason || "" : number ? say("received_how") : say("kept_how"));
  }
}
