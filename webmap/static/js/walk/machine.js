// Where a volunteer is, and what leads from there to where. Everything the page can show is a state of this table, and
// nothing but a happening named here changes it. "home" is whichever of the four home states the facts call for; "fresh"
// says that something was learned (from the server, from another window), which shows at home only.

const OVER = { back: "home", lost: "home" };

const FROM_HOME = {
  report: "report", draw: "drawn", type: "paper", unsent: "unsent", members: "members", privacy: "privacy",
  told: "told", lost: "home", fresh: "home",
};

export const STATES = {
  loading: {},
  // Home, by what is so: nobody is known here, consent is missing, ready to go, out walking.
  nobody: { enrolled: "home", unsent: "unsent", fresh: "home" },
  asked: { agreed: "home", members: "members", unsent: "unsent", fresh: "home" },
  ready: { ...FROM_HOME, started: "walking" },
  walking: { ...FROM_HOME, check_in: "check_in", check_list: "check_list", end: "ending", stopped: "over", pocket: "pocket" },
  // Over a walk
  ending: { ...OVER, stopped: "over" },
  pocket: { back: "home", stopped: "over" },
  check_in: { ...OVER, stopped: "over", done: "home" },
  check_list: { ...OVER, stopped: "over", done: "home" },
  over: { back: "home", unsent: "unsent", report: "report" },
  // From either home
  report: { ...OVER, sent: "told" },
  told: { back: "home", report: "report" },
  drawn: { ...OVER, done: "home" },
  paper: { ...OVER, done: "home" },
  unsent: { ...OVER },
  members: { ...OVER, enrolled: "home", changed: "home" },
  privacy: { ...OVER, agreed: "home", changed: "home" },
};

/** Which of the home states it is. */
export function home({ member, consent, walk }) {
  if (!member) return "nobody";
  if (walk) return "walking";
  return consent ? "ready" : "asked";
}

/** The state after a happening; a happening that means nothing here changes nothing. */
export function after(state, happening, facts) {
  const next = STATES[state][happening];
  if (next === undefined) return state;
  return next === "home" ? home(facts) : next;
}
