/* The card of what was clicked: a grid with its people, a building, an incident or a camera. */
(function (G) {
  "use strict";

  const make = G.make;

  function stat(one) {
    const box = make("div", { class: "gp-stat", title: one.note || "" }, [make("b", { text: one.value }), make("span", { text: one.label })]);
    if (one.fetch) box.dataset.fetch = one.fetch;
    return box;
  }

  /* What of a card was not known when the page came. */
  G.fillCard = function (body, i, parts) {
    body.querySelectorAll(".gp-stat[data-fetch]").forEach((box) =>
      parts.need(box.dataset.fetch).then((part) => {
        if (!part.stats) return;
        box.querySelector("b").textContent = part.stats[i].value;
        box.title = part.stats[i].note;
      }).catch(() => (box.querySelector("b").textContent = "–"))
    );
  };

  function link(address, key, text) {
    return address ? make("a", { class: "gp-go", href: address + encodeURIComponent(key), text: text }) : null;
  }

  function chain(people, words) {
    const rows = people.map((one) =>
      make("li", one.name ? {} : { class: "gp-vacant" }, [make("span", { text: one.title }), make("b", { text: one.name || words.vacant })])
    );
    return rows.length ? make("ol", { class: "gp-chain", "aria-label": words.chain }, rows) : null;
  }

  function incidentRow(one, words, chosen) {
    const row = make("button", { type: "button", class: "gp-row" }, [
      make("i", { class: "gp-dot gp-dot-" + (one.late ? "late" : "open") }),
      make("span", { text: one.category }),
      make("time", { text: one.found }),
    ]);
    row.addEventListener("click", () => chosen(one));
    return row;
  }

  /* The buildings of a grid, fetched when its card is open; each leads to its own card. */
  G.listHouses = function (body, data, i, parts, chosen) {
    const go = body.querySelector(".gp-go");
    if (!data.houses || !go) return;
    parts.need("buildings", { place: data.grids.code[i] }).then((part) => {
      if (!part.buildings.length || !go.isConnected) return;
      const rows = part.buildings.map((one) => {
        const row = make("button", { type: "button", class: "gp-row" }, [
          make("span", { text: one.name }),
          make("time", { text: G.say(data.words.households, { n: one.households }) }),
        ]);
        row.addEventListener("click", () => chosen(one.id).catch(() => row.classList.add("gp-failed")));
        return row;
      });
      const list = make("details", { class: "gp-houses" }, [
        make("summary", { text: data.words.buildings + " · " + part.buildings.length }),
        make("div", { class: "gp-rows" }, rows),
      ]);
      go.before(list);
    }).catch(() => {});
  };

  /* What the people of a building asked for in the time, where it is told. */
  G.listNeeds = function (root, data, id, parts) {
    const card = root.querySelector(".gp-card-body");
    const title = card.querySelector("h2");
    parts.need("needs").then((part) => {
      const house = part.needs.find((one) => one.id === id);
      if (!house || card.querySelector("h2") !== title) return;
      const rows = house.of.flatMap((one) => [make("dt", { text: one.name }), make("dd", { text: String(one.n) })]);
      card.append(make("h3", { text: data.words.needs }), make("dl", { class: "gp-needs" }, rows), make("p", { class: "gp-note", text: part.legend }));
    }).catch(() => {});
  };

  G.houseCard = function (data, house, toGrid) {
    const i = data.grids.code.indexOf(house.grid);
    const up = i >= 0 ? make("button", { type: "button", class: "gp-row", text: data.grids.card[i].title }) : null;
    if (up) up.addEventListener("click", () => toGrid(i));
    return [
      make("p", { class: "gp-over", text: house.over }),
      make("h2", { text: house.title }),
      make("div", { class: "gp-stats" }, house.stats.map(stat)),
      house.chain.length ? make("h3", { text: data.words.chain }) : null,
      chain(house.chain, data.words),
      up,
    ].filter(Boolean);
  };

  G.gridCard = function (data, i, incidents, chosen) {
    const words = data.words;
    const grid = data.grids.card[i];
    const open = incidents.filter((one) => one.open && one.grid === i);
    const rows = open.slice(0, 4).map((one) => incidentRow(one, words, chosen));
    return [
      make("p", { class: "gp-over", text: grid.over }),
      make("h2", { text: grid.title }),
      grid.stats.length ? make("div", { class: "gp-stats" }, grid.stats.map(stat)) : null,
      grid.chain.length ? make("h3", { text: words.chain }) : null,
      chain(grid.chain, words),
      rows.length ? make("h3", { text: words.open_incidents }) : null,
      rows.length ? make("div", { class: "gp-rows" }, rows) : null,
      grid.explanation ? make("p", { class: "gp-note", text: grid.explanation }) : null,
      grid.stats.length ? link(data.links.grid, data.grids.code[i], words.open_card) : null,
    ].filter(Boolean);
  };

  G.cameraCard = function (one) {
    const facts = one.facts.flatMap((fact) => [make("dt", { text: fact[0] }), make("dd", { text: fact[1] })]);
    return [
      one.over ? make("p", { class: "gp-over", text: one.over }) : null,
      make("h2", { text: one.text }),
      facts.length ? make("dl", {}, facts) : null,
    ].filter(Boolean);
  };

  G.incidentCard = function (data, one, toGrid) {
    const words = data.words;
    const state = one.open ? (one.late ? "late" : "open") : "done";
    const row = (label, value) => (value ? [make("dt", { text: label }), make("dd", { text: value })] : []);
    const grid = one.grid >= 0 ? make("button", { type: "button", class: "gp-row", text: data.grids.card[one.grid].title }) : null;
    if (grid) grid.addEventListener("click", () => toGrid(one.grid));
    return [
      make("p", { class: "gp-over", text: one.number }),
      make("h2", { text: one.category }),
      make("p", { class: "gp-state gp-state-" + state, text: one.stage + (one.late ? " · " + words.late : "") }),
      make("dl", {}, [].concat(row(words.found_at, one.found), row(words.due_at, one.due), row(words.address, one.address), row(words.what, one.what))),
      grid,
      link(data.links.incident, one.number, words.open_incident),
    ].filter(Boolean);
  };
})((window.gridpatrol = window.gridpatrol || {}));
