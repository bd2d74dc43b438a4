// The outing under way: its time, its metres, and when it has to end by itself.

import { isInside, metresBetween, metresToBorder } from "walk/ground.js";

const POOR_M = 50;
const FASTEST_MPS = 8;
const SHORTEST_STEP_M = 6;
const WARN_BEFORE_MS = 120000;
const ON_THE_WAY_MS = 900000;

/** A new outing as it is kept. Figures are those shown on the phone; the office counts from the fixes themselves. */
export function begin(id, member, at) {
  return { id, member, started: at, ended: null, why: null, metres: 0, fixes: 0, last: null, counted: null, inside: at, arrived: false, seen_m: 0 };
}

/** The outing after one more fix: metres grow by steps a walker can take, from fixes that are good enough. */
export function step(walk, fix, outline, limits) {
  const next = { ...walk, fixes: walk.fixes + 1, last: fix };
  if (!outline.length || isAtHome(outline, fix, limits)) Object.assign(next, { inside: Math.max(walk.inside, fix.at), arrived: true });
  if (fix.accuracy !== null && fix.accuracy > POOR_M) return next;
  if (!walk.counted) return { ...next, counted: fix };
  const far = metresBetween(walk.counted, fix);
  const seconds = (fix.at - walk.counted.at) / 1000;
  if (seconds <= 0 || far < Math.max(SHORTEST_STEP_M, (fix.accuracy ?? 0) / 2)) return next;
  if (far > FASTEST_MPS * seconds) return { ...next, counted: fix };
  return { ...next, metres: walk.metres + far, counted: fix };
}

function isAtHome(outline, { lon, lat }, limits) {
  return isInside(outline, lon, lat) || metresToBorder(outline, lon, lat) <= limits.leave_m;
}

/**
 * Whether the outing goes on: null, or {act: "warn" | "stop", why: "longest" | "outside", left: ms}.
 *
 * Whoever forgot to stop is warned two minutes before the longest time, and whoever left the community two minutes before
 * that ends the walk; on the way there it may take a quarter of an hour at least.
 */
export function verdict(walk, now, limits) {
  const left = longestEnd(walk, limits) - now;
  if (left <= 0) return { act: "stop", why: "longest", left: 0 };
  const outside = walk.last ? walk.last.at - walk.inside : 0;
  const leave = limits.leave_s * 1000;
  const back = (walk.arrived ? leave : Math.max(leave, ON_THE_WAY_MS)) - outside;
  if (back <= 0) return { act: "stop", why: "outside", left: 0 };
  if (back <= Math.min(WARN_BEFORE_MS, leave / 2) && outside > 0) return { act: "warn", why: "outside", left: back };
  if (left <= WARN_BEFORE_MS) return { act: "warn", why: "longest", left };
  return null;
}

/** When an outing ended that nobody ended: at its last fix, but not after the longest time. */
export function forgottenEnd(walk, limits) {
  return Math.min(walk.last?.at ?? walk.started, longestEnd(walk, limits));
}

function longestEnd(walk, limits) {
  return walk.started + limits.longest_walk_s * 1000;
}
