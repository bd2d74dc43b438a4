/* A list to choose from, each thing with how many there are of it as a bar; with nothing chosen all count. */
(function (G) {
  "use strict";

  /**
   * `options`: words, few (how many show before "all"), changed(keys).
   * Returned: rows([{key, name, count}]) - count null where it is not told -, set(keys).
   */
  G.facets = function (list, options) {
    const state = { rows: [], chosen: new Set(), open: false };

    function row(one, most) {
      const pressed = state.chosen.has(one.key);
      const bar = G.make("i", { "aria-hidden": "true" });
      bar.style.width = one.count ? Math.max(2, (one.count / most) * 100) + "%" : "0";
      const button = G.make("button", { type: "button", "aria-pressed": String(pressed), "data-key": one.key }, [
        G.make("span", { text: one.name }),
        G.make("b", { text: one.count === null || one.count === undefined ? "–" : one.count.toLocaleString() }),
        bar,
      ]);
      return G.make("li", { class: state.chosen.size && !pressed ? "off" : "" }, [button]);
    }

    function show() {
      const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      const most = Math.max(1, ...state.rows.map((one) => one.count || 0));
      const sorted = [...state.rows].sort((a, b) => (b.count || 0) - (a.count || 0));
      const few = sorted.filter((one, i) => state.open || i < options.few || state.chosen.has(one.key));
      const rows = few.map((one) => row(one, most));
      if (sorted.length > options.few) {
        const text = state.open ? options.words.fewer : G.say(options.words.all_of_them, { n: sorted.length });
        rows.push(G.make("li", {}, [G.make("button", { type: "button", class: "facet-more", "aria-expanded": String(state.open), "data-key": "*", text: text })]));
      }
      list.replaceChildren(...rows);
      const again = focused && [...list.querySelectorAll("button")].find((one) => one.dataset.key === focused);
      if (again) again.focus();
    }

    list.addEventListener("click", (event) => {
      const pressed = event.target.closest("button");
      if (!pressed) return;
      const key = pressed.dataset.key;
      if (key === "*") state.open = !state.open;
      else if (!state.chosen.delete(key)) state.chosen.add(key);
      show();
      if (key !== "*") options.changed([...state.chosen]);
    });

    return {
      rows: (rows) => ((state.rows = rows), show()),
      set: (keys) => ((state.chosen = new Set(keys)), show()),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
