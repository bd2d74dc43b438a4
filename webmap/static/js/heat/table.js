/* All grids as a table: for those who read rather than look, and for whoever wants the exact numbers. */
(function (G) {
  "use strict";

  const empty = (value) => value === null || value === undefined;

  function compare(a, b) {
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    return typeof a === "number" ? b - a : String(a).localeCompare(String(b));
  }

  /**
   * `told`: code, title, columns [{title, value, text, note, number}], seen (a text for each grid); `words`; `go(i)` shows a grid on the map.
   */
  G.heatTable = function (root, told, words, go) {
    const order = { column: 0, up: false };
    const columns = [{ title: words.grid, value: told.title, text: told.title }, ...told.columns, { title: words.who_looked, value: told.seen, text: told.seen }];

    function head() {
      return columns.map((column, i) => {
        const cell = G.make("th", { scope: "col", class: column.number ? "number" : "", title: column.note || "" }, [G.make("button", { type: "button", text: column.title })]);
        if (i === order.column) cell.setAttribute("aria-sort", order.up === Boolean(column.number) ? "ascending" : "descending");
        cell.firstChild.addEventListener("click", () => {
          order.up = order.column === i ? !order.up : false;
          order.column = i;
          show();
          root.querySelectorAll("thead button")[i].focus();
        });
        return cell;
      });
    }

    function row(i) {
      const name = G.make("button", { type: "button", text: told.title[i], title: words.show_on_map });
      name.addEventListener("click", () => go(i));
      const cells = columns.slice(1).map((column) => G.make("td", { class: column.number ? "number" : "", "data-label": column.title, text: column.text[i] || "–" }));
      return G.make("tr", {}, [G.make("td", { class: "first" }, [name]), ...cells]);
    }

    function show() {
      const rows = told.code.map((_, i) => i);
      const by = columns[order.column].value;
      rows.sort((a, b) => compare(by[a], by[b]) || a - b);
      // Names read from the first on; numbers from the largest.
      if (order.up) rows.reverse();
      root.replaceChildren(
        G.make("table", { class: "rows dense" }, [
          G.make("caption", { text: told.caption }),
          G.make("thead", {}, [G.make("tr", {}, head())]),
          G.make("tbody", {}, rows.map(row)),
        ]),
        ...told.columns.filter((one) => one.note).map((one) => G.make("p", { class: "quiet", text: `${one.title}: ${one.note}` }))
      );
    }
    show();
  };
})((window.gridpatrol = window.gridpatrol || {}));
