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

  /* What the page's address says after the #: "15.2/40.0021/116.3201&figure&layer,layer". */
  function readAddress() {
    const [view, figure, layers] = decodeURIComponent(location.hash.slice(1)).split("&");
    const numbers = (view || "").split("/").map(Number);
    const good = numbers.length === 3 && numbers.every(Number.isFinite);
    return { view: good ? numbers : null, figure: figure, layers: layers === undefined ? null : layers.split(",") };
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
    if (page.clientWidth >= 760) return { paddingTopLeft: [344, 24], paddingBottomRight: [withCard ? 364 : 24, 32] };
    return { paddingTopLeft: [12, 72], paddingBottomRight: [12, withCard ? Math.round(page.clientHeight * 0.62) : 148] };
  }

  function start(map, data, page, asked) {
    L.control.zoom({ position: "bottomright", zoomInTitle: data.words.zoom_in, zoomOutTitle: data.words.zoom_out }).addTo(map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
    map.fitBounds(L.latLngBounds(data.bounds.map((pair) => G.point(pair, data.origin))), free(page));
    if (asked.view) map.setView([asked.view[1], asked.view[2]], asked.view[0]);
  }

  /* Grids and incidents, each with the card that a click on it opens. */
  function things(map, data, page) {
    const side = card(page.querySelector(".gp-card"), page.querySelector(".gp-panel"));
    const reveal = (place) => map.panInside(place, free(page, true));
    const showGrid = (i, look) => {
      grids.mark(i);
      side.show(G.gridCard(data, i, marks.all, showIncident));
      if (look) map.fitBounds(grids.bounds(i), Object.assign({ maxZoom: 17 }, free(page, true)));
      else reveal(grids.bounds(i).getCenter());
    };
    const showIncident = (one) => {
      grids.mark(one.grid >= 0 ? one.grid : null);
      side.show(G.incidentCard(data, one, showGrid));
      reveal(G.point(one.place, data.origin));
    };
    const grids = G.addGrids(map, data, (i) => showGrid(i, false));
    const marks = G.addIncidents(map, data, showIncident);
    map.on("click", () => {
      grids.mark(null);
      side.close();
    });
    page.querySelector(".gp-close").addEventListener("click", () => grids.mark(null));
    return { grids: grids, marks: marks, showGrid: showGrid };
  }

  /* Every layer of the panel by its name, each with how to show and hide it. */
  function layersOf(map, data, page, parts) {
    const fading = new Set();
    const fade = (name, yes) => {
      if (yes) fading.add(name);
      else fading.delete(name);
      parts.grids.fade(fading.size > 0);
    };
    const walked = G.addWalked(map, data);
    const heat = parts.heat;
    return {
      open: parts.marks.open,
      done: parts.marks.done,
      tracks: G.addTracks(map, data),
      base: { show: (yes) => parts.base.forEach((layer) => (yes ? layer.addTo(map) : layer.remove())) },
      words: { show: (yes) => (yes ? map.addLayer(parts.labels) : map.removeLayer(parts.labels)) },
      heat: { show: (yes) => heat && (yes ? heat.addTo(map) : heat.remove(), fade("heat", yes), page.classList.toggle("gp-hot", yes)) },
      walked: { show: (yes) => (walked.show(yes), fade("walked", yes)) },
    };
  }

  /* Keep the view, the colour and the layers in the page's address, so that it can be passed on. */
  function addressKeeper(map, boxes, figures) {
    window.addEventListener("hashchange", () => location.reload());
    return () => {
      const centre = map.getCenter();
      const view = [map.getZoom(), centre.lat.toFixed(5), centre.lng.toFixed(5)].join("/");
      const on = boxes.filter((box) => box.checked).map((box) => box.dataset.layer);
      const figure = figures.filter((one) => one.checked).map((one) => one.dataset.figure);
      history.replaceState(null, "", "#" + [view, figure[0] || "", on.join(",")].join("&"));
    };
  }

  function wireLayers(boxes, layers, asked, write) {
    boxes.forEach((box) => {
      const name = box.dataset.layer;
      if (asked.layers) box.checked = asked.layers.includes(name);
      // The ground and the names are drawn already.
      if (box.checked !== (name === "base" || name === "words")) layers[name].show(box.checked);
      box.addEventListener("change", () => {
        layers[name].show(box.checked);
        write();
      });
    });
  }

  function wireFigures(page, data, figures, parts, asked, write) {
    const colour = (key) => {
      const figure = data.figures.find((one) => one.key === key) || data.figures[0];
      parts.grids.colour(figure);
      parts.labels.setUnder(figure.text);
      legend(page, figure, parts.grids);
    };
    figures.forEach((one) => {
      if (asked.figure) one.checked = one.dataset.figure === asked.figure;
      one.addEventListener("change", () => {
        colour(one.dataset.figure);
        write();
      });
    });
    if (!figures.some((one) => one.checked)) figures[0].checked = true;
    colour(figures.find((one) => one.checked).dataset.figure);
  }

  G.town = function (map, dataId, heat) {
    const data = JSON.parse(document.getElementById(dataId).textContent);
    const page = map.getContainer().closest(".gp-page");
    const panel = page.querySelector(".gp-panel");
    const asked = readAddress();
    start(map, data, page, asked);
    const base = G.addBase(map, data);
    const labels = new G.Labels(G.labels(data.labels, data.origin));
    const parts = Object.assign({ base: base, labels: labels, heat: heat }, things(map, data, page));
    map.addLayer(labels);

    const boxes = Array.from(page.querySelectorAll("input[data-layer]"));
    const figures = Array.from(page.querySelectorAll("input[data-figure]"));
    const write = addressKeeper(map, boxes, figures);
    wireLayers(boxes, layersOf(map, data, page, parts), asked, write);
    wireFigures(page, data, figures, parts, asked, write);
    map.on("moveend", write);

    const fold = page.querySelector(".gp-fold");
    fold.addEventListener("click", () => {
      const open = panel.classList.toggle("gp-open");
      fold.setAttribute("aria-expanded", String(open));
    });
    G.search(page.querySelector(".gp-search"), data, (place) => {
      panel.classList.remove("gp-open");
      fold.setAttribute("aria-expanded", "false");
      if (place.grid !== undefined) parts.showGrid(place.grid, true);
      else map.setView(G.point(place.point, data.origin), Math.max(map.getZoom(), 17));
    });
    page.classList.add("gp-ready");
  };
})((window.gridpatrol = window.gridpatrol || {}));
