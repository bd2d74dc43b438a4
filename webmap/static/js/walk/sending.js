// Sends what waits, member by member: things first, because fixes count only between a start and a stop that the server
// knows, then fixes in batches, then photos. Imports nothing: the service worker reads it too.

const THINGS_AT_ONCE = 50;
const FIXES_AT_ONCE = 300;
const PATIENCE_MS = 30000;
const PHOTO_PATIENCE_MS = 180000;

/** Under this name one tab or worker at a time sends. */
const SENDING = "gridpatrol-walk-sending";

/** The server was not reached or is busy: everything stays, and is sent again. */
export class Later extends Error {
  constructor(seconds = 0) {
    super("later");
    this.seconds = seconds;
  }
}

/** The server does not know this phone any more: everything stays, and somebody has to sign in again. */
class Unknown extends Error {}

/** The server will never take this. */
class Refused extends Error {}

async function fetchOrLater(address, sent, patience) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(patience), ...sent });
  } catch {
    throw new Later();
  }
  if (answer.ok) return answer;
  if ([401, 403, 404].includes(answer.status)) throw new Unknown(await reason(answer));
  if ([400, 409, 413, 415, 422].includes(answer.status)) throw new Refused(await reason(answer));
  throw new Later(Number(answer.headers.get("Retry-After")) || 0);
}

/** What the server said, as one sentence. */
async function reason(answer) {
  const text = await answer.text().catch(() => "");
  try {
    const told = JSON.parse(text);
    return told.detail || told.reason || told.message || told.title || String(answer.status);
  } catch {
    return text.length < 300 && !text.startsWith("<") ? text.trim() : String(answer.status);
  }
}

/** Let refused things of a member be sent once more, those that are chosen or all. */
export async function retry(queue, person, chosen = () => true) {
  const rows = (await queue.all("things", "member", person)).filter((row) => row.refused && chosen(row));
  await queue.change({ things: rows.map(({ refused, again, ...row }) => row) });
}

export class Sending {
  /** told(thing, answer): called when the server has said yes or no to a thing. */
  constructor(queue, told = () => {}) {
    this.queue = queue;
    this.told = told;
  }

  /**
   * Send until nothing is left that the server may still take.
   *
   * Raises Later when it has to be tried again. Whoever else sends at this moment is waited for, so that two tabs do not
   * send the same at once (the server would take it as one all the same).
   */
  async all() {
    return navigator.locks.request(SENDING, () => this.everyone());
  }

  async everyone() {
    let later = null;
    for (const member of await this.queue.all("members")) {
      try {
        await this.member(member);
        if (member.unknown) await this.mark(member, null);
      } catch (problem) {
        if (problem instanceof Unknown) await this.mark(member, problem.message || "?");
        else if (problem instanceof Later) later = problem;
        else throw problem;
      }
    }
    if (later) throw later;
  }

  /** Remember with the member why the server does not know the phone, or that it does. */
  async mark(member, why) {
    const known = await this.queue.get("members", member.person);
    if (known) await this.queue.change({ members: [{ ...known, unknown: why }] });
  }

  async member(member) {
    await this.things(member);
    await this.fixes(member);
    await this.photos(member);
  }

  async things(member) {
    for (;;) {
      const waiting = (await this.queue.all("things", "member", member.person)).filter((row) => !row.refused);
      if (!waiting.length) return;
      await this.someThings(member, waiting.slice(0, THINGS_AT_ONCE));
    }
  }

  /** One batch; when the server cannot read it, the halves, so that one bad thing does not hold up the others. */
  async someThings(member, rows) {
    try {
      const answer = await this.post("/walk/things", member, rows.map((row) => row.thing));
      if (!(await this.settle(member, rows, answer.items))) throw new Later();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (rows.length === 1) return this.queue.change({ things: [{ ...rows[0], refused: problem.message }] });
      const half = rows.length >> 1;
      await this.someThings(member, rows.slice(0, half));
      await this.someThings(member, rows.slice(half));
    }
  }

  async post(address, member, body) {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${member.token}`,
      "X-Phone-Now": new Date().toISOString() };
    const answer = await fetchOrLater(address, { method: "POST", headers, body: JSON.stringify(body) }, PATIENCE_MS);
    return answer.json().catch(() => { throw new Later(); });
  }

  /** Take out what the server said yes to, keep what it refused together with its reason; return how many were either. */
  async settle(member, batch, answers) {
    const said = new Map((answers || []).map((one) => [one.id, one]));
    const puts = { things: [], told: [] };
    const drops = { things: [] };
    let agreed = false;
    for (const row of batch) {
      const answer = said.get(row.id);
      if (answer?.status === "stored" || answer?.status === "known") {
        drops.things.push(row.n);
        agreed ||= row.thing.kind === "consent";
        if (row.thing.kind === "report") puts.told.push(await this.answered(row, answer));
      } else if (answer?.status === "refused") {
        puts.things.push({ ...row, refused: answer.reason || "?", again: Boolean(answer.again) });
      }
    }
    await this.queue.change(puts, drops);
    if (agreed) await retry(this.queue, member.person, (row) => row.again);
    batch.filter((row) => said.has(row.id)).forEach((row) => this.told(row.thing, said.get(row.id)));
    return drops.things.length + puts.things.length;
  }

  async answered(row, answer) {
    return { ...(await this.queue.get("told", row.id)), id: row.id, member: row.member, number: answer.number || null };
  }

  async fixes(member) {
    const refused = await this.refusedWalks(member);
    for (;;) {
      const waiting = await this.queue.all("fixes", "member", member.person, FIXES_AT_ONCE + refused.held);
      const batch = waiting.filter((row) => !refused.has(row.walk)).slice(0, FIXES_AT_ONCE);
      if (!batch.length) return;
      await this.batch(member, batch);
    }
  }

  /** Outings whose start the server refused: their fixes would not count, so they stay with the start. */
  async refusedWalks(member) {
    const starts = (await this.queue.all("things", "member", member.person)).filter(
      (row) => row.refused && row.thing.kind === "start");
    const walks = new Set(starts.map((row) => row.thing.walk));
    const counts = await Promise.all([...walks].map((walk) => this.queue.count("fixes", "walk", walk)));
    walks.held = counts.reduce((sum, one) => sum + one, 0);
    return walks;
  }

  /** One batch; when the server cannot read it, the halves, so that one bad fix does not hold up the others. */
  async batch(member, rows) {
    try {
      const body = { locations: rows.map((row) => feature(row)) };
      await this.post(`/track/${encodeURIComponent(member.token)}`, member, body);
      await this.queue.change({}, { fixes: rows.map((row) => row.n) });
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (rows.length === 1) return this.keep(rows[0], problem.message);
      const half = rows.length >> 1;
      await this.batch(member, rows.slice(0, half));
      await this.batch(member, rows.slice(half));
    }
  }

  /** A fix that is never taken is kept under another name of its member, so that no later batch reads it again. */
  keep({ member, ...row }, refused) {
    return this.queue.change({ fixes: [{ ...row, refused, refused_of: member }] });
  }

  async photos(member) {
    for (const photo of await this.queue.all("photos", "member", member.person)) {
      if (!photo.refused) await this.photo(member, photo);
    }
  }

  async photo(member, photo) {
    const headers = { "Content-Type": photo.type, Authorization: `Bearer ${member.token}` };
    const address = `/walk/photos/${photo.id}`;
    try {
      await fetchOrLater(address, { method: "PUT", headers, body: photo.bytes }, PHOTO_PATIENCE_MS);
      await this.queue.change({}, { photos: [photo.id] });
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      await this.queue.change({ photos: [{ ...photo, refused: problem.message }] });
    }
  }
}

/** A fix as Overland writes it; what the phone did not say is left out. */
function feature({ lon, lat, at, accuracy, altitude, speed, heading, walk }) {
  const said = { timestamp: new Date(at).toISOString(), horizontal_accuracy: accuracy, altitude, speed, course: heading, walk };
  const properties = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== undefined));
  return { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties };
}
