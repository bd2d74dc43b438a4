/* The line of time: bars of how many incidents were found, two handles for the first and the last day, and all between. */
(function (G) {
  "use strict";

  const DAY = 86400000;
  const SETTLE_MS = 250;
  const NARROWEST_PX = 3;

  const dayOf = (text) => Date.parse(text + "T00:00:00Z") / DAY;
  const textOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);

  /* Bars as one path, in bins of days that are wide enough to see. */
  function draw(svg, counts, from, to) {
    const width = Math.max(80, svg.clientWidth);
    const bin = Math.max(1, Math.ceil((counts.length * NARROWEST_PX) / width));
    const sums = [];
    for (let i = 0; i < counts.length; i += bin) sums.push(counts.slice(i, i + bin).reduce((a, b) => a + b, 0) / Math.min(bin, counts.length - i));
    const most = Math.max(1, ...sums);
    const bars = { in: "", out: "" };
    sums.forEach((sum, i) => {
      const middle = (i + 0.5) * bin;
      const high = (30 * sum) / most;
      const kind = middle >= from && middle <= to + 1 ? "in" : "out";
      bars[kind] += "M" + i * bin + " 32v" + -high + "h" + Math.max(0.5, Math.min(bin, counts.length - i * bin) - bin * 0.2) + "v" + high + "z";
    });
    svg.setAttribute("viewBox", "0 0 " + counts.length + " 32");
    const path = (kind) => {
      const one = document.createElementNS("http://www.w3.org/2000/svg", "path");
      one.setAttribute("d", bars[kind]);
      one.setAttribute("class", "gp-bars-" + kind);
      return one;
    };
    svg.replaceChildren(path("out"), path("in"));
  }

  G.addPeriod = function (root, words, parts, address, changed) {
    if (!root) return { renew: () => Promise.resolve(null) };
    const bars = root.querySelector(".gp-time-bars");
    const svg = root.querySelector("svg");
    const said = root.querySelector(".gp-time-said");
    const ends = [root.querySelector(".gp-time-from"), root.querySelector(".gp-time-to")];
    const first = dayOf(root.dataset.first);
    const last = dayOf(root.dataset.last);
    const days = last - first + 1;
    const usual = [dayOf(root.dataset.since), dayOf(root.dataset.until)];
    let chosen = "chosen" in root.dataset;
    let range = chosen ? usual.slice() : [first, last];
    let counts = null;
    let later = 0;

    function show() {
      const share = (day) => (100 * (day - first)) / days;
      ends[0].style.left = share(range[0]) + "%";
      ends[1].style.left = share(range[1] + 1) + "%";
      ends.forEach((end, i) => {
        end.setAttribute("aria-valuemin", "0");
        end.setAttribute("aria-valuemax", String(days - 1));
        end.setAttribute("aria-valuenow", String(range[i] - first));
        end.setAttribute("aria-valuetext", textOf(range[i]));
      });
      const facts = { since: textOf(range[0]), until: textOf(range[1]), n: "…" };
      if (counts) facts.n = counts.slice(range[0] - first, range[1] - first + 1).reduce((a, b) => a + b, 0).toLocaleString();
      said.textContent = G.say(words.found_between, facts);
      root.classList.toggle("gp-time-chosen", chosen);
      if (counts) draw(svg, counts, range[0] - first, range[1] - first);
    }

    function choose(since, until, at_once) {
      const low = Math.max(first, Math.min(since, until));
      const high = Math.min(last, Math.max(since, until));
      range = [low, high];
      chosen = true;
      show();
      clearTimeout(later);
      later = setTimeout(() => {
        address.set({ since: textOf(range[0]), until: textOf(range[1]) });
        changed();
      }, at_once ? 0 : SETTLE_MS);
    }

    function all() {
      clearTimeout(later);
      chosen = false;
      range = [first, last];
      address.set({ since: null, until: null });
      show();
      changed();
    }

    const dayAt = (event) => {
      const box = bars.getBoundingClientRect();
      return first + Math.max(0, Math.min(days - 1, Math.floor((days * (event.clientX - box.left)) / box.width)));
    };

    /* A handle moves its end; between the handles all is moved; elsewhere a new time begins. */
    function drag(event) {
      if (event.button) return;
      const end = ends.indexOf(event.target);
      const start = dayAt(event);
      const was = range.slice();
      const inside = chosen && start >= was[0] && start <= was[1];
      bars.setPointerCapture(event.pointerId);
      const move = (moved) => {
        const day = dayAt(moved);
        if (end === 0) choose(day, was[1]);
        else if (end === 1) choose(was[0], day);
        else if (inside) {
          const shift = Math.max(first - was[0], Math.min(last - was[1], day - start));
          choose(was[0] + shift, was[1] + shift);
        } else choose(start, day);
      };
      const stop = () => {
        bars.removeEventListener("pointermove", move);
        bars.removeEventListener("pointerup", stop);
        bars.removeEventListener("pointercancel", stop);
      };
      bars.addEventListener("pointermove", move);
      bars.addEventListener("pointerup", stop);
      bars.addEventListener("pointercancel", stop);
    }

    const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -1e6, End: 1e6 };
    ends.forEach((end, i) =>
      end.addEventListener("keydown", (event) => {
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        const day = Math.max(first, Math.min(last, range[i] + step));
        choose(i ? range[0] : Math.min(day, range[1]), i ? Math.max(day, range[0]) : range[1]);
      })
    );
    bars.addEventListener("pointerdown", drag);
    root.querySelector(".gp-time-all").addEventListener("click", all);
    if (window.ResizeObserver) new ResizeObserver(() => counts && show()).observe(svg);
    show();

    const renew = () => parts.need("time").then((part) => {
      counts = part.counts;
      show();
    });
    renew().catch(() => root.classList.add("gp-failed"));
    return { renew: renew };
  };
})((window.gridpatrol = window.gridpatrol || {}));
