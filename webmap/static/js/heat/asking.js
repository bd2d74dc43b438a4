/* Questions to the server of which only the latest counts, and a page that knows when it waits for none. */
(function (G) {
  "use strict";

  /* Asks for JSON; a newer question stops the older one, whose answer is then null. `failed(status)` is told of the rest. */
  G.asker = function (failed) {
    let stop = null;
    return async (address) => {
      if (stop) stop.abort();
      const mine = (stop = new AbortController());
      try {
        const answer = await fetch(address, { credentials: "same-origin", signal: mine.signal, headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        return await answer.json();
      } catch (error) {
        if (!mine.signal.aborted) failed(Number(error.message) || 0);
        return null;
      }
    };
  };

  /* Counts what is awaited, and says so of the page to those who listen to it and whoever drives it. */
  G.busy = function (page) {
    let awaited = 0;
    return (more) => {
      awaited += more;
      page.setAttribute("aria-busy", String(awaited > 0));
    };
  };

  /* Does something a while after it was last asked for; what is awaited counts as busy. */
  G.afterwards = function (busy, ms, work) {
    let timer = null;
    return (...facts) => {
      if (timer) clearTimeout(timer);
      else busy(1);
      timer = setTimeout(() => {
        timer = null;
        Promise.resolve(work(...facts)).finally(() => busy(-1));
      }, ms);
    };
  };

  /* Does something again and again while it is asked for, but never twice at once. */
  G.oneByOne = function (work, longest_ms) {
    let [running, again] = [false, false];
    return async function run() {
      again = running;
      if (running) return;
      running = true;
      await Promise.race([work(), new Promise((go) => setTimeout(go, longest_ms))]);
      running = false;
      if (again) run();
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
