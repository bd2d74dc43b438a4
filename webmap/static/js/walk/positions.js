// Asks the phone where it is, and hands on each new fix once.

const HOW = { enableHighAccuracy: true, maximumAge: 0, timeout: 60000 };
const STALE_MS = 20000;
const GOOD_M = 15;
const FAIR_M = 40;

export const PROBLEMS = { 1: "denied", 2: "unavailable", 3: "timeout" };

/** What the browser said, as a plain row; null stands for what the phone did not say. */
export function fixOf({ coords, timestamp }) {
  const said = (value) => (Number.isFinite(value) ? value : null);
  return {
    lon: coords.longitude, lat: coords.latitude, at: Math.round(timestamp), accuracy: said(coords.accuracy),
    altitude: said(coords.altitude), speed: said(coords.speed), heading: said(coords.heading),
  };
}

export class Positions {
  /** fresh(fix) for every new fix, failed(problem) for "denied", "unavailable" or "timeout". */
  constructor(fresh, failed, where = navigator.geolocation) {
    Object.assign(this, { fresh, failed, where, watching: null, last: null });
  }

  /** last: the fix that was written down last, which the browser may say once more after a reload. */
  start(last = null) {
    if (this.watching !== null) return;
    this.last = last;
    if (!this.where || !isSecureContext) return this.failed("insecure");
    this.watching = this.where.watchPosition(
      (position) => this.take(fixOf(position)), (problem) => this.failed(PROBLEMS[problem.code]), HOW);
  }

  stop() {
    if (this.watching !== null) this.where.clearWatch(this.watching);
    this.watching = null;
    this.last = null;
  }

  /** Some phones say the same fix again when the page comes back: it is one fix. */
  take(fix) {
    if (this.last && fix.at === this.last.at && fix.lon === this.last.lon && fix.lat === this.last.lat) return;
    this.last = fix;
    this.fresh(fix);
  }

  /** Where the phone is now, for a check-in or a report: the last fix when it is fresh, else asked for. */
  async here() {
    if (this.last && Date.now() - this.last.at < STALE_MS) return this.last;
    if (!this.where || !isSecureContext) return null;
    return new Promise((resolve) => {
      this.where.getCurrentPosition((position) => resolve(fixOf(position)), () => resolve(null), { ...HOW, timeout: 15000 });
    });
  }
}

/** How well the phone knows where it is: "good", "fair", "poor", or "none" when nothing was heard for a while. */
export function signal(fix, now = Date.now()) {
  if (!fix || now - fix.at > STALE_MS) return "none";
  if (fix.accuracy === null || fix.accuracy > FAIR_M) return "poor";
  return fix.accuracy <= GOOD_M ? "good" : "fair";
}
