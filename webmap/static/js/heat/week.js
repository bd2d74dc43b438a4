/* Hour by day of the week: a small table that shows when things happen and narrows to the hours and days picked in it. */
(function (G) {
  "use strict";

  const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
  const DAYS = [1, 2, 3, 4, 5, 6, 7];
  const PARTS = [0, 6, 12, 18];
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  /* Numbers from one to another, whichever is the smaller. */
  const span = (a, b) => Array.from({ length: Math.abs(a - b) + 1 }, (_, i) => Math.min(a, b) + i);

  /* With nothing picked all count; what is then pressed is the first that is picked alone. All picked is nothing picked. */
  function flipped(picked, these, all) {
    const set = new Set(picked);
    const there = these.every((one) => set.has(one));
    these.forEach((one) => (there ? set.delete(one) : set.add(one)));
    return set.size === all ? [] : [...set].sort((a, b) => a - b);
  }

  /**
   * `options`: words, days (names from Monday on), changed(hours, weekdays); an empty list narrows nothing.
   * Returned: counts(7 lists of 24, or null where they are not told), set(hours, weekdays).
   */
  G.weekTable = function (table, options) {
    const words = options.words;
    const state = { hours: [], days: [], counts: null, at: [0, 8], from: null };
    const tell = () => options.changed(state.hours, state.days);

    const part = (from) => G.make("button", { type: "button", "data-part": from, "aria-pressed": "false", text: `${from}–${from + 6}` });
    const head = G.make("thead", {}, [
      G.make("tr", {}, [G.make("td"), ...PARTS.map((from) => G.make("th", { colspan: "6", scope: "colgroup" }, [part(from)]))]),
    ]);
    const cells = new Map();
    const rows = DAYS.map((day) => {
      const button = G.make("button", { type: "button", "data-day": day, "aria-pressed": "false", text: options.days[day - 1] });
      const row = HOURS.map((hour) => {
        const cell = G.make("td", { role: "gridcell", tabindex: "-1", "data-cell": `${day} ${hour}`, "aria-selected": "false" });
        cells.set(day * 24 + hour, cell);
        return cell;
      });
      return G.make("tr", {}, [G.make("th", { scope: "row" }, [button]), ...row]);
    });
    table.replaceChildren(head, G.make("tbody", {}, rows));
    table.setAttribute("role", "grid");

    const cellOf = (event) => {
      const found = document.elementFromPoint(event.clientX, event.clientY);
      const cell = found && found.closest("[data-cell]");
      return cell && table.contains(cell) ? cell.dataset.cell.split(" ").map(Number) : null;
    };

    function pick(from, to) {
      state.days = span(from[0], to[0]);
      state.hours = span(from[1], to[1]);
      show();
    }

    function show() {
      const [hours, days] = [new Set(state.hours), new Set(state.days)];
      const counts = state.counts;
      const most = counts ? Math.max(1, ...counts.flat()) : 1;
      const narrowed = hours.size + days.size > 0;
      DAYS.forEach((day) =>
        HOURS.forEach((hour) => {
          const cell = cells.get(day * 24 + hour);
          const count = counts ? counts[day - 1][hour] : null;
          const on = (!hours.size || hours.has(hour)) && (!days.size || days.has(day));
          const facts = { day: options.days[day - 1], from: hour, until: hour + 1, count: count === null ? "–" : count };
          cell.setAttribute("aria-label", G.say(words.cell, facts));
          cell.title = G.say(words.cell, facts);
          cell.setAttribute("aria-selected", String(narrowed && on));
          cell.classList.toggle("off", !on);
          cell.style.setProperty("--share", count === null ? 0 : Math.sqrt(count / most));
          cell.tabIndex = state.at[0] === day && state.at[1] === hour ? 0 : -1;
        })
      );
      table.querySelectorAll("[data-day]").forEach((one) => one.setAttribute("aria-pressed", String(days.has(Number(one.dataset.day)))));
      table.querySelectorAll("[data-part]").forEach((one) => {
        const from = Number(one.dataset.part);
        one.setAttribute("aria-pressed", String(span(from, from + 5).every((hour) => hours.has(hour))));
      });
    }

    table.addEventListener("click", (event) => {
      const pressed = event.target.closest("button");
      if (!pressed) return;
      if (pressed.dataset.day) state.days = flipped(state.days, [Number(pressed.dataset.day)], 7);
      else state.hours = flipped(state.hours, span(Number(pressed.dataset.part), Number(pressed.dataset.part) + 5), 24);
      show();
      tell();
    });
    table.addEventListener("pointerdown", (event) => {
      const cell = cellOf(event);
      if (!cell || event.button) return;
      state.from = state.at = cell;
      table.setPointerCapture(event.pointerId);
      pick(cell, cell);
      event.preventDefault();
    });
    table.addEventListener("pointermove", (event) => {
      const cell = state.from && cellOf(event);
      if (cell) pick(state.from, cell);
    });
    const drop = () => {
      if (state.from) tell();
      state.from = null;
    };
    table.addEventListener("pointerup", drop);
    table.addEventListener("pointercancel", drop);

    table.addEventListener("keydown", (event) => {
      if (!event.target.dataset.cell) return;
      const here = event.target.dataset.cell.split(" ").map(Number);
      if (event.key in STEPS) {
        const [down, right] = STEPS[event.key];
        const next = [Math.min(7, Math.max(1, here[0] + down)), Math.min(23, Math.max(0, here[1] + right))];
        state.at = next;
        if (event.shiftKey) {
          state.anchor = state.anchor || here;
          pick(state.anchor, next);
          tell();
        } else {
          state.anchor = null;
          show();
        }
        cells.get(next[0] * 24 + next[1]).focus();
      } else if (event.key === "Enter" || event.key === " ") {
        pick(here, here);
        tell();
      } else if (event.key === "Escape") {
        Object.assign(state, { hours: [], days: [] });
        show();
        tell();
      } else return;
      event.preventDefault();
    });

    state.at = [1, 8];
    show();
    return {
      counts: (counts) => ((state.counts = counts), show()),
      set: (hours, days) => (Object.assign(state, { hours: hours, days: days }), show()),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
