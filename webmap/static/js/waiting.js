// Work that the server does beside the requests: say how far it has come, until it is done.

const ASK_MS = 500;
const pause = () => new Promise((done) => { setTimeout(done, ASK_MS); });

async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(told.detail || ""), { told });
  return told;
}

/** A line and a bar in `place` for work that is under way; the returned function says how far it is. */
export function showProgress(place, first = "") {
  const said = document.createElement("span");
  const bar = Object.assign(document.createElement("progress"), { max: 1, hidden: true });
  said.textContent = first;
  place.replaceChildren(said, bar);
  return ({ doing, share }) => {
    said.textContent = doing;
    bar.value = share;
    bar.hidden = false;
  };
}

/** Say in `place` what is being done and how far it has come, until the work at `address` is done; gives where that leads.
 *  An error that it ended with has the server's words as its message. */
export async function whenDone(address, place, first = "") {
  const say = showProgress(place, first);
  for (;;) {
    const told = await asked(address);
    if (told.to) return told.to;
    say(told);
    await pause();
  }
}

/** Begin work by asking for its address; gives the address under which one hears of it. */
export const begin = async (address) => (await asked(address)).ask;
