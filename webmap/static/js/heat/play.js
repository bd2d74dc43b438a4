/* Time that runs: the window moves on by itself, one picture after the other, until the end or a press. */
(function (G) {
  "use strict";

  const PAUSE_MS = 650;
  const LONGEST_MS = 4000;
  const SIGNS = { play: "M7 4v16l13-8z", pause: "M6 4h4v16H6zM14 4h4v16h-4z" };

  const sleep = (ms) => new Promise((go) => setTimeout(go, ms));

  /* A step so short that one picture still holds half of what the one before it held. */
  const step = (days) => (days > 120 ? 28 : days > 13 ? 7 : 1);

  /**
   * `options`: words, bar (of `G.timeBar`), begun(), moved(since, until) - returns a promise of its picture -, ended().
   */
  G.player = function (button, options) {
    const { words, bar } = options;
    const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 2 * PAUSE_MS : PAUSE_MS;
    let playing = false;

    function show(yes) {
      playing = yes;
      button.setAttribute("aria-pressed", String(yes));
      button.querySelector("span").textContent = yes ? words.pause : words.play;
      button.querySelector("path").setAttribute("d", yes ? SIGNS.pause : SIGNS.play);
    }

    async function run() {
      options.begun();
      const span = bar.value();
      const by = step(span.until - span.since + 1);
      let move = span.until + by > span.last ? span.first - span.since : by;
      while (playing && move) {
        const now = bar.value();
        await Promise.race([options.moved(now.since + move, now.until + move), sleep(LONGEST_MS)]);
        await sleep(pause);
        const then = bar.value();
        move = Math.max(0, Math.min(by, then.last - then.until));
      }
      if (playing) end();
    }

    function end() {
      show(false);
      options.ended();
    }

    button.addEventListener("click", () => {
      if (playing) return end();
      show(true);
      return run();
    });
  };
})((window.gridpatrol = window.gridpatrol || {}));
