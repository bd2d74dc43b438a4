/* Time as a row of small columns: two handles and what lies between them, by pointer and by keyboard. */
(function (G) {
  "use strict";

  const DAY_MS = 86400000;
  const NEAR_PX = 14;
  const SVG = "http://www.w3.org/2000/svg";
  const english = document.documentElement.lang.startsWith("en");
  const said = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });

  /* Days are counted from 1970-01-01; a local day has no time zone left in it. */
  G.day = (text) => Math.round(Date.parse(text + "T00:00:00Z") / DAY_MS);
  G.isoDay = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);
  G.sayDay = (day) => (english ? said.format(day * DAY_MS) : G.isoDay(day));

  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

  function svg(name, attributes) {
    const made = document.createElementNS(SVG, name);
    Object.keys(attributes).forEach((key) => made.setAttribute(key, attributes[key]));
    return made;
  }

  /* Firsts of months, as many as there is room for, each with what it is called; years stand out. */
  function ticks(first, last, most) {
    const [begin, end] = [new Date(first * DAY_MS), new Date(last * DAY_MS)];
    const months = (end.getUTCFullYear() - begin.getUTCFullYear()) * 12 + end.getUTCMonth() - begin.getUTCMonth();
    const step = [1, 2, 3, 6, 12, 24, 60, 120].find((one) => months / one <= most) || 240;
    const found = [];
    for (let i = 1; i <= months; i += 1) {
      const at = new Date(Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + i, 1));
      const whole = at.getUTCFullYear() * 12 + at.getUTCMonth();
      if (whole % step) continue;
      const year = at.getUTCMonth() === 0;
      found.push({ day: at.getTime() / DAY_MS, year: year, text: year ? String(at.getUTCFullYear()) : String(at.getUTCMonth() + 1) });
    }
    return found;
  }

  /**
   * Columns over time with a window in it.
   * `options`: words, changed(since, until, settled) - days, both counted; settled is false while something is dragged.
   * Returned: bins([{from, until, count}]), range(first, last), set(since, until), weeks(yes) - whether only whole weeks can be chosen.
   */
  G.timeBar = function (root, options) {
    const words = options.words;
    const picture = root.appendChild(svg("svg", { class: "time-columns", "aria-hidden": "true", preserveAspectRatio: "none" }));
    const axis = root.appendChild(G.make("div", { class: "time-axis", "aria-hidden": "true" }));
    const grip = (kind, label) => root.appendChild(G.make("div", { class: "time-" + kind, role: "slider", tabindex: "0", "aria-label": label, "data-kind": kind }));
    const grips = { move: grip("move", words.time_window), since: grip("since", words.since), until: grip("until", words.until) };
    const state = { first: 0, last: 1, since: 0, until: 1, bins: [], weeks: false };

    const span = () => Math.max(1, state.last + 1 - state.first);
    const share = (day) => (day - state.first) / span();
    const dayAt = (clientX) => {
      const box = root.getBoundingClientRect();
      return state.first + clamp((clientX - box.left) / box.width, 0, 1) * span();
    };

    /* Whole weeks begin on a Monday; 1970-01-01 was a Thursday. */
    const monday = (day) => day - ((((day + 3) % 7) + 7) % 7);

    function put(since, until, settled) {
      const unit = state.weeks ? 7 : 1;
      let [from, to] = [Math.round(since), Math.round(until)];
      if (state.weeks) [from, to] = [monday(from + 3), monday(to + 4) - 1];
      from = clamp(from, state.weeks ? monday(state.first) : state.first, state.last);
      to = Math.max(from + unit - 1, state.weeks ? to : Math.min(to, state.last));
      const fresh = from !== state.since || to !== state.until;
      Object.assign(state, { since: from, until: to });
      if (fresh) place();
      if (fresh || settled) options.changed(from, to, settled);
    }

    /* The same length elsewhere, whole as long as there is room for it. */
    function shift(days, settled) {
      const long = state.until - state.since;
      const since = clamp(state.since + days, state.first, Math.max(state.first, state.last - long));
      put(since, since + long, settled);
    }

    function place() {
      const [left, right] = [clamp(share(state.since), 0, 1), clamp(share(state.until + 1), 0, 1)];
      grips.move.style.left = left * 100 + "%";
      grips.move.style.width = Math.max(0, right - left) * 100 + "%";
      grips.since.style.left = left * 100 + "%";
      grips.until.style.left = right * 100 + "%";
      const ends = { since: state.since, until: state.until, move: state.since };
      Object.keys(grips).forEach((kind) => {
        grips[kind].setAttribute("aria-valuemin", state.first);
        grips[kind].setAttribute("aria-valuemax", state.last);
        grips[kind].setAttribute("aria-valuenow", clamp(ends[kind], state.first, state.last));
        grips[kind].setAttribute("aria-valuetext", kind === "move" ? G.say(words.from_until, { since: G.sayDay(state.since), until: G.sayDay(state.until) }) : G.sayDay(ends[kind]));
      });
      columns();
    }

    function columns() {
      const most = Math.max(1, ...state.bins.map((bin) => bin.count));
      const lines = { out: "", in: "" };
      state.bins.forEach((bin) => {
        const [left, right] = [share(bin.from) * 1000, share(bin.until + 1) * 1000];
        const high = (bin.count / most) * 96;
        if (!high || right < 0 || left > 1000) return;
        const gap = Math.min(1.2, (right - left) * 0.12);
        const chosen = bin.from <= state.until && bin.until >= state.since;
        lines[chosen ? "in" : "out"] += `M${left.toFixed(2)} 100V${(100 - Math.max(2, high)).toFixed(2)}H${(right - gap).toFixed(2)}V100Z`;
      });
      picture.setAttribute("viewBox", "0 0 1000 100");
      picture.replaceChildren(svg("path", { class: "time-out", d: lines.out || "M0 0" }), svg("path", { class: "time-in", d: lines.in || "M0 0" }));
    }

    function scale() {
      const room = Math.max(3, Math.floor(root.clientWidth / 44));
      axis.replaceChildren(
        ...ticks(state.first, state.last, room).map((tick) => {
          const mark = G.make("span", { text: tick.text, class: tick.year ? "time-year" : "" });
          mark.style.left = share(tick.day) * 100 + "%";
          return mark;
        })
      );
    }

    let drag = null;
    root.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const [box, day] = [root.getBoundingClientRect(), dayAt(event.clientX)];
      const x = event.clientX - box.left;
      const [left, right] = [share(state.since) * box.width, share(state.until + 1) * box.width];
      const near = Math.abs(x - left) <= Math.abs(x - right) ? [left, "since"] : [right, "until"];
      const kind = Math.abs(x - near[0]) <= NEAR_PX ? near[1] : left < x && x < right ? "move" : "fresh";
      drag = { kind: kind, from: day, x: event.clientX, since: state.since, until: state.until };
      root.setPointerCapture(event.pointerId);
      if (grips[kind]) grips[kind].focus({ preventScroll: true });
      event.preventDefault();
    });
    root.addEventListener("pointermove", (event) => {
      if (!drag) return;
      const day = dayAt(event.clientX);
      if (drag.kind === "since") put(Math.min(day, state.until), state.until, false);
      else if (drag.kind === "until") put(state.since, Math.max(day - 1, state.since), false);
      else if (drag.kind === "move") shift(Math.round(drag.since + day - drag.from) - state.since, false);
      else if (Math.abs(event.clientX - drag.x) > 4) put(Math.floor(Math.min(day, drag.from)), Math.floor(Math.max(day, drag.from)), false);
    });
    const drop = (event) => {
      if (!drag) return;
      // A click beside the window brings it there.
      if (drag.kind === "fresh" && Math.abs(event.clientX - drag.x) <= 4) shift(Math.round(drag.from - (state.since + state.until + 1) / 2), true);
      else put(state.since, state.until, true);
      drag = null;
    };
    root.addEventListener("pointerup", drop);
    root.addEventListener("pointercancel", drop);

    function key(event) {
      const kind = event.target.dataset.kind;
      if (!kind) return;
      const unit = state.weeks ? 7 : event.shiftKey ? 7 : 1;
      const steps = { ArrowLeft: -unit, ArrowDown: -unit, ArrowRight: unit, ArrowUp: unit, PageDown: -28, PageUp: 28, Home: -1e6, End: 1e6 };
      if (!(event.key in steps)) return;
      event.preventDefault();
      const step = steps[event.key];
      if (kind === "move") shift(step, true);
      else if (kind === "since") put(Math.min(state.since + step, state.until), state.until, true);
      else put(state.since, Math.max(state.until + step, state.since), true);
    }
    root.addEventListener("keydown", key);
    new ResizeObserver(scale).observe(root);

    return {
      bins: (bins) => ((state.bins = bins), columns()),
      range: (first, last) => {
        Object.assign(state, { first: first, last: Math.max(first, last) });
        scale();
        place();
      },
      set: (since, until) => {
        Object.assign(state, { since: since, until: until });
        place();
      },
      weeks: (yes) => (state.weeks = yes),
      shift: (days) => shift(days, true),
      value: () => ({ since: state.since, until: state.until, first: state.first, last: state.last }),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
