// When it is sent: soon after something new, again while something waits, later and later while nobody answers.

import { Later } from "walk/sending.js";

const IDLE_MS = 20000;
const FIRST_WAIT_MS = 4000;
const LONGEST_WAIT_MS = 300000;

export class Pulse {
  constructor(sending, { idle_ms = IDLE_MS, changed = () => {}, jitter = Math.random } = {}) {
    Object.assign(this, { sending, idle_ms, changed, jitter, failures: 0, timer: 0, running: null, again: false });
  }

  /** Something new waits, or the phone is back on line. */
  soon(ms = 0) {
    this.failures = 0;
    this.arm(ms);
  }

  /** By hand: at once; resolves when it is done or has failed. */
  now() {
    this.failures = 0;
    clearTimeout(this.timer);
    return this.run();
  }

  arm(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), ms);
  }

  run() {
    // What was written while a round runs goes with the next.
    if (this.running) this.again = true;
    else this.running = this.round().finally(() => { this.running = null; });
    return this.running;
  }

  async round() {
    let wait = this.idle_ms;
    try {
      do {
        this.again = false;
        await this.sending.all();
      } while (this.again);
      this.failures = 0;
      this.changed(true);
    } catch (problem) {
      this.changed(false);
      if (!(problem instanceof Later)) throw problem;
      this.failures += 1;
      const longer = FIRST_WAIT_MS * 2 ** (this.failures - 1) * (0.75 + this.jitter() / 2);
      wait = Math.max(Math.min(longer, LONGEST_WAIT_MS), problem.seconds * 1000);
    } finally {
      this.arm(wait);
    }
  }
}
