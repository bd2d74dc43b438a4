// Keeps the screen on while walking: with a dark screen a browser hears no positions.

export class Awake {
  constructor(lights = navigator.wakeLock) {
    Object.assign(this, { lights, wanted: false, lock: null });
    document.addEventListener("visibilitychange", () => this.ask());
  }

  keep(wanted) {
    this.wanted = wanted;
    if (wanted) return this.ask();
    this.lock?.release().catch(() => {});
    this.lock = null;
    return undefined;
  }

  /** The browser takes the lock back whenever the page is hidden, so it is asked for again each time it is seen. */
  async ask() {
    if (!this.wanted || !this.lights || document.hidden || (this.lock && !this.lock.released)) return;
    try {
      this.lock = await this.lights.request("screen");
    } catch {
      this.lock = null;    // a low battery: the page says that the screen has to stay on
    }
  }

  get holds() {
    return Boolean(this.lock && !this.lock.released);
  }
}
