// The phone in a pocket: the screen stays on, because a dark one records nothing, but touching it does nothing.

import { part } from "walk/screen.js";

const HOLD_MS = 2000;

export class Pocket {
  constructor(phone) {
    Object.assign(this, { phone, timer: 0 });
    const button = part("hold");
    button.addEventListener("pointerdown", () => this.press(button));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, () => this.letGo(button));
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    // A screen reader or a keyboard presses without a finger: no pocket does that.
    button.addEventListener("click", (event) => { if (event.detail === 0) this.back(); });
    this.acts = { pocket: () => phone.go("pocket") };
  }

  press(button) {
    button.classList.add("held");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.back(), HOLD_MS);
  }

  letGo(button) {
    button.classList.remove("held");
    clearTimeout(this.timer);
  }

  back() {
    this.letGo(part("hold"));
    if (this.phone.state === "pocket") this.phone.go("back");
  }
}
