/* The whole map: panel, legend, switches, card, and the address that keeps the view. */
(function (G) {
  "use strict";

  function legend(root, figure, grids) {
    const most = Math.max(1, ...figure.classes.map((one) => one.grids));
    const rows = figure.classes.map((one, number) => {
      const bar = G.make("s", { colour: one.colour });
      bar.style.width = Math.max(one.grids ? 4 : 0, Math.round((64 * one.grids) / most)) + "px";
      const row = G.make("li", { tabindex: "0", title: one.meaning }, [
        G.make("i", { colour: one.colour }),
        G.make("span", { text: one.label }),
        bar,
        G.make("em", { text: one.said }),
      ]);
      // A finger "enters" what it taps and never leaves: only a mouse or the keyboard lights grids up.
      const light = (yes) => (event) => event.pointerType !== "touch" && grids.only(yes ? number : null);
      row.addEventListener("pointerenter", light(true));
      row.addEventListener("pointerleave", light(false));
      row.addEventListener("focus", light(true));
      row.addEventListener("blur", light(false));
      return row;
    });
    root.querySelector(".gp-classes").replaceChildren(...rows);
    root.querySelector(".gp-ramp").replaceChildren(
      ...figure.classes.map((one) => G.make("li", {}, [G.make("i", { colour: one.colour }), G.make("span", { text: one.short })]))
    );
    root.querySelector(".gp-legend-note").textContent = figure.note;
    root.querySelector(".gp-peek-title:not(.gp-peek-hot)").textContent = figure.title;
  }

  function card(root, panel) {
    const body = root.querySelector(".gp-card-body");
    const close = () => {
      root.hidden = true;
      panel.classList.remove("gp-behind");
    };
    root.querySelector(".gp-close").addEventListener("click", close);
    return {
      close: close,
      show: (children) => {
        body.replaceChildren(...children);
        root.hidden = false;
        root.scrollTop = 0;
        panel.classList.add("gp-behind");
      },
    };
  }

  /* Fit what matters into the part of the map that no panel covers; with a card open, less of it is free. */
  function free(page, withCard) {
    if (page.clientWidth >= 760) {
      const panel = page.querySelector(".gp-panel").getBoundingClientRect();
      const wall = page.classList.contains("gp-screen");
      const time = page.querySelector(".gp-time");
      const below = wall ? 48 : time ? page.getBoundingClientRect().bottom - time.getBoundingClientRect().top + 16 : 32;
      // The card is as much larger as the panel is.
      const card = withCard ? (364 * panel.width) / 312 : 24;
      return { paddingTopLeft: [panel.right + 16, wall ? 90 : 24], paddingBottomRight: [card, below] };
    }
    return { paddingTopLeft: [12, 72], paddingBottomRight: [12, withCard ? Math.round(page.clientHeight * 0.62) : 148] };
  }

  function start(map, data, page, address) {
    L.control.zoom({ position: "bottomright", zoomInTitle: data.words.zoom_in, zoomOutTitle: data.words.zoom_out }).addTo(map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
    map.fitBounds(L.latLngBounds(data.bounds.map((pair) => G.point(pair, data.origin))), free(page));
    const seen = address.window();
    if (seen) map.setView([seen[1], seen[2]], seen[0]);
  }

  /* Grids and incidents, each with the card that a click on it opens. */
  function things(map, data, page, parts, address) {
    const root = page.querySelector(".gp-card");
    const side = card(root, page.querySelector(".gp-panel"));
    const reveal = (place) => map.panInside(place, free(page, true));
    let open = null;
    const forget = () => {
      open = null;
      grids.mark(null);
      spot.setStyle({ opacity: 0 });
      address.set({ place: data.place || null, building: null });
    };
    /* The incidents of a grid may come after its card. */
    const fill = (i) => {
      side.show(G.gridCard(data, i, marks.known(), showIncident));
      G.fillCard(root, i, parts);
      G.listHouses(root, data, i, parts, showHouse);
    };
    const showGrid = (i, look) => {
      const known = marks.known().length > 0;
      open = i;
      grids.mark(i);
      fill(i);
      if (!known && !data.inside && data.grids.card[i].stats.length) marks.load().then(() => open === i && marks.known().length && fill(i)).catch(() => {});
      spot.setStyle({ opacity: 0 });
      if (data.fetch) address.set({ place: data.place.length === 12 ? data.grids.code[i] : data.place, building: null });
      if (look) map.fitBounds(grids.bounds(i), Object.assign({ maxZoom: 17 }, free(page, true)));
      else reveal(grids.bounds(i).getCenter());
    };
    const spot = L.rectangle([[0, 0], [0, 0]], { pane: "borders", interactive: false, fill: false, color: "#1d2129", weight: 2.5, opacity: 0 }).addTo(map);
    const showHouse = (id, look) => {
      const asked = {};
      open = asked;
      return parts.need("building", { building: id }).then((house) => {
        // Somebody may have gone on to something else meanwhile.
        if (open !== asked) return;
        const i = data.grids.code.indexOf(house.grid);
        grids.mark(i >= 0 ? i : null);
        spot.setBounds(L.latLngBounds(house.bounds).pad(0.2)).setStyle({ opacity: 1 });
        side.show(G.houseCard(data, house, showGrid));
        G.listNeeds(root, data, id, parts);
        address.set({ place: house.grid || data.place, building: id });
        if (look !== false) map.fitBounds(house.bounds, Object.assign({ maxZoom: 18 }, free(page, true)));
      });
    };
    const showIncident = (one) => {
      open = null;
      grids.mark(one.grid >= 0 ? one.grid : null);
      side.show(G.incidentCard(data, one, showGrid));
      reveal(G.point(one.place, data.origin));
    };
    const showCamera = (one) => {
      open = null;
      grids.mark(null);
      spot.setStyle({ opacity: 0 });
      side.show(G.cameraCard(one));
      reveal(G.point(one.point, data.origin));
    };
    /* Deeper: into an area of a county, or close to a grid. */
    const inside = (i) => (data.inside ? address.goTo(data.links.grid + data.grids.code[i]) : showGrid(i, true));
    const grids = G.addGrids(map, data, (i) => showGrid(i, false), inside);
    const marks = G.addIncidents(map, data, parts, showIncident, (i) => showGrid(i, false));
    map.on("click", () => {
      forget();
      side.close();
    });
    page.querySelector(".gp-close").addEventListener("click", forget);
    return { grids: grids, marks: marks, showGrid: showGrid, showHouse: showHouse, showCamera: showCamera };
  }

  /* Every layer of the panel by its name, each with how to show and hide it. */
  function layersOf(map, data, page, drawn, parts, address, picture) {
    const fading = new Set();
    const fade = (name, yes) => {
      if (yes) fading.add(name);
      else fading.delete(name);
      drawn.grids.fade(fading.size > 0);
    };
    const heat = G.addHeat(map, data, address, picture, page);
    const walked = G.addWalked(map, data, parts);
    const flat = (items) => ({ show: (yes) => (items.forEach((layer) => (yes ? layer.addTo(map) : layer.remove())), null) });
    const cards = { grid: (i) => drawn.showGrid(i, false), house: (id) => drawn.showHouse(id, false), camera: drawn.showCamera };
    return Object.assign({}, drawn.marks.layers, G.addMarks(map, data, parts, cards), {
      tracks: G.addTracks(map, data, parts),
      base: flat(drawn.base),
      words: flat([drawn.labels]),
      heat: {
        show: (yes) => (fade("heat", yes), page.classList.toggle("gp-hot", yes), heat ? heat.show(yes) : null),
        renew: () => (heat ? heat.renew() : Promise.resolve(null)),
      },
      walked: { show: (yes) => (fade("walked", yes), walked.show(yes)), renew: walked.renew },
    });
  }

  /* What a layer says of itself beside its switch: that it is coming, what it holds, or that it did not come. */
  function tell(page, data, name, coming) {
    const note = page.querySelector('[data-note="' + name + '"]');
    if (!coming || !note) return;
    const before = note.textContent;
    note.textContent = data.words.coming;
    coming
      .then((part) => {
        note.textContent = before;
        Object.keys((part && part.notes) || {}).forEach((key) => {
          const other = page.querySelector('[data-note="' + key + '"]');
          if (other) other.textContent = part.notes[key];
        });
        if (part && part.said) note.textContent = part.said;
      })
      .catch(() => (note.textContent = data.words.failed));
  }

  function wireLayers(page, data, boxes, layers, address, write) {
    const asked = address.layers();
    boxes.forEach((box) => {
      const name = box.dataset.layer;
      if (asked) box.checked = asked.includes(name);
      // The ground and the names are drawn already.
      if (box.checked !== (name === "base" || name === "words")) tell(page, data, name, layers[name].show(box.checked));
      box.addEventListener("change", () => {
        tell(page, data, name, layers[name].show(box.checked));
        write();
      });
    });
    return () => boxes.filter((box) => box.checked && layers[box.dataset.layer].renew).forEach((box) => tell(page, data, box.dataset.layer, layers[box.dataset.layer].renew()));
  }

  function wireFigures(page, data, figures, drawn, parts, address, write) {
    let now = null;
    const paint = (figure) => {
      drawn.grids.colour(figure);
      drawn.labels.setUnder(figure.text);
      legend(page, figure, drawn.grids);
    };
    const colour = (key) => {
      const figure = data.figures.find((one) => one.key === key) || data.figures[0];
      now = figure.key;
      if (!figure.fetch) return paint(figure);
      page.querySelector(".gp-legend-note").textContent = data.words.coming;
      return parts.need(figure.fetch)
        .then((part) => now === figure.key && paint(part.figure))
        .catch(() => (page.querySelector(".gp-legend-note").textContent = data.words.failed));
    };
    const asked = address.get("colour");
    figures.forEach((one) => {
      if (asked) one.checked = one.dataset.figure === asked;
      one.addEventListener("change", () => {
        colour(one.dataset.figure);
        write();
      });
    });
    if (!figures.some((one) => one.checked)) figures[0].checked = true;
    colour(figures.find((one) => one.checked).dataset.figure);
    return () => colour(now);
  }

  /* Keep the view, the colour and the layers in the page's address, so that it can be passed on. */
  function addressKeeper(map, address, boxes, figures) {
    // What rotates on a wall is nobody's choice.
    if (map.getContainer().closest(".gp-screen")) return () => {};
    return () => {
      const centre = map.getCenter();
      const on = boxes.filter((box) => box.checked).map((box) => box.dataset.layer);
      const figure = figures.filter((one) => one.checked).map((one) => one.dataset.figure);
      address.set({
        at: [map.getZoom(), centre.lat.toFixed(5), centre.lng.toFixed(5)].join("/"),
        colour: figure[0] || null,
        layers: boxes.length ? on.join(",") : null,
      });
    };
  }

  function wireFilters(page, address, changed) {
    page.querySelectorAll("select[data-filter]").forEach((one) =>
      one.addEventListener("change", () => {
        address.set({ [one.dataset.filter]: one.value || null });
        changed();
      })
    );
  }

  function wireFold(page) {
    const panel = page.querySelector(".gp-panel");
    const fold = page.querySelector(".gp-fold");
    const open = (yes) => {
      panel.classList.toggle("gp-open", yes);
      fold.setAttribute("aria-expanded", String(yes));
    };
    fold.addEventListener("click", () => open(!panel.classList.contains("gp-open")));
    // On a phone the time belongs into the sheet; beside the map there is no room for it.
    const time = page.querySelector(".gp-time");
    if (time && page.clientWidth < 760) page.querySelector(".gp-more").prepend(time);
    return open;
  }

  G.town = function (map, dataId, picture) {
    const data = JSON.parse(document.getElementById(dataId).textContent);
    const page = map.getContainer().closest(".gp-page");
    const address = new G.Address(data);
    const parts = new G.Fetched(data, address);
    const open = wireFold(page);
    start(map, data, page, address);
    const base = G.addBase(map, data);
    const labels = new G.Labels(G.labels(data.labels, data.origin));
    const drawn = Object.assign({ base: base, labels: labels }, things(map, data, page, parts, address));
    map.addLayer(labels);

    const boxes = Array.from(page.querySelectorAll("input[data-layer]"));
    const figures = Array.from(page.querySelectorAll("input[data-figure]"));
    const write = addressKeeper(map, address, boxes, figures);
    const layers = layersOf(map, data, page, drawn, parts, address, picture);
    const renewLayers = wireLayers(page, data, boxes, layers, address, write);
    const recolour = wireFigures(page, data, figures, drawn, parts, address, write);
    const keys = G.addKeys(page.querySelector(".gp-keys"), data.words, parts);
    const timed = () => {
      // A county's figures come with its page.
      if (data.inside) return address.goTo("?" + address.all());
      tell(page, data, "open", drawn.marks.renew());
      renewLayers();
      recolour();
      return keys.renew();
    };
    const period = G.addPeriod(page.querySelector(".gp-time"), data.words, parts, address, () => timed());
    // Who is out changes by itself while somebody looks.
    const out = boxes.find((box) => box.dataset.layer === "out");
    if (out) setInterval(() => out.checked && !document.hidden && (parts.forget("out"), tell(page, data, "out", layers.out.renew())), 30000);
    // To the wall and back the view is kept.
    page.querySelectorAll(".gp-to-screen, .gp-screen-end").forEach((link) =>
      link.addEventListener("click", () => {
        const view = new URLSearchParams(address.all());
        view.delete("at");
        if (link.classList.contains("gp-to-screen")) view.set("screen", "1");
        else view.delete("screen");
        link.href = "?" + view;
      })
    );
    wireFilters(page, address, () => {
      period.renew().catch(() => {});
      timed();
    });
    map.on("moveend", write);
    // From far away marks of buildings, and names of boards and cameras, would cover each other.
    const far = () => page.classList.toggle("gp-far", map.getZoom() < 16);
    map.on("zoomend", far);
    far();
    // A mark that has the focus is pressed with the keys that press a button; the library has the mouse alone.
    map.getContainer().addEventListener("keydown", (event) => {
      if (!["Enter", " "].includes(event.key) || !event.target.matches(".leaflet-marker-icon")) return;
      event.preventDefault();
      event.target.click();
    });

    G.search(page.querySelector(".gp-search"), data, (place) => {
      open(false);
      if (place.grid !== undefined) drawn.showGrid(place.grid, true);
      else if (place.building && data.houses) drawn.showHouse(place.building).catch(() => map.setView(G.point(place.point, data.origin), 18));
      else map.setView(G.point(place.point, data.origin), Math.max(map.getZoom(), 17));
    });
    const card = data.card ? data.grids.code.indexOf(data.card) : -1;
    if (data.house) drawn.showHouse(data.house, !address.window()).catch(() => {});
    else if (card >= 0) drawn.showGrid(card, !address.window());
    if (page.classList.contains("gp-screen")) G.addScreen(page, figures, boxes, () => (parts.forget(), timed(), period.renew().catch(() => {})));
    page.classList.add("gp-ready");
  };
})((window.gridpatrol = window.gridpatrol || {}));
