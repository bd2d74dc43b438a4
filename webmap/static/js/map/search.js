/* Find a grid, a street, a building or a person by any part of its name. */
(function (G) {
  "use strict";

  const MOST = 12;

  function ranked(places, asked) {
    const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
    return places
      .filter((place) => words.every((word) => place.low.includes(word)))
      .sort((a, b) => a.low.indexOf(words[0] || "") - b.low.indexOf(words[0] || "") || a.rank - b.rank)
      .slice(0, MOST);
  }

  G.search = function (root, data, chosen) {
    const field = root.querySelector("input");
    const list = root.querySelector("[role=listbox]");
    const places = data.search.map((place, i) => Object.assign({ low: (place.text + " " + (place.more || "")).toLowerCase(), rank: i }, place));
    let found = [];
    let active = -1;

    function show() {
      found = ranked(places, field.value);
      active = -1;
      const rows = found.map((place, i) => {
        const row = G.make("li", { role: "option", id: list.id + "-" + i, "aria-selected": "false" }, [
          G.make("b", { text: place.text }),
          G.make("span", { text: place.more || "" }),
          G.make("em", { text: data.words[place.kind] }),
        ]);
        row.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          take(i);
        });
        return row;
      });
      if (!rows.length) rows.push(G.make("li", { class: "gp-none", text: data.words.nothing_found }));
      list.replaceChildren(...rows);
      open(true);
    }

    function open(yes) {
      list.hidden = !yes;
      field.setAttribute("aria-expanded", String(yes));
    }

    function move(step) {
      if (!found.length) return;
      active = (active + step + found.length) % found.length;
      Array.from(list.children).forEach((row, i) => {
        row.setAttribute("aria-selected", String(i === active));
        if (i === active) row.scrollIntoView({ block: "nearest" });
      });
      field.setAttribute("aria-activedescendant", list.id + "-" + active);
    }

    function take(i) {
      open(false);
      field.value = found[i].text;
      field.blur();
      chosen(found[i]);
    }

    field.addEventListener("input", show);
    field.addEventListener("focus", () => {
      field.select();
      show();
    });
    field.addEventListener("blur", () => open(false));
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && found.length) {
        event.preventDefault();
        take(Math.max(active, 0));
      } else if (event.key === "Escape") {
        field.value = "";
        field.blur();
      }
    });
  };
})((window.gridpatrol = window.gridpatrol || {}));
