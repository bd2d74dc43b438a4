/* A view that was handed on: grids in the colours of one figure, what was switched on with it, and nothing to change. */
(function (G) {
  "use strict";

  const WIDE = 760;

  /* Fit what matters into the part of the map that the panel leaves free. */
  function free(page) {
    if (page.clientWidth >= WIDE) return { paddingTopLeft: [336, 20], paddingBottomRight: [20, 36] };
    return { paddingTopLeft: [10, 64], paddingBottomRight: [10, 40] };
  }

  function look(map, data, page, grids) {
    L.control.zoom({ position: "bottomright", zoomInTitle: data.words.zoom_in, zoomOutTitle: data.words.zoom_out }).addTo(map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
    const all = L.latLngBounds(data.bounds.map((pair) => G.point(pair, data.origin)));
    if (data.window) map.setView([data.window[1], data.window[2]], data.window[0]);
    else map.fitBounds(data.focus === null ? all : grids().bounds(data.focus), free(page));
  }

  /* A grid's name and its figure, where the finger or the mouse is. */
  function tell(map, page, data, grids) {
    const told = page.querySelector(".view-told");
    const say = (i) => {
      grids.mark(i);
      told.hidden = i === null;
      if (i === null) return;
      const one = data.figure.classes[data.figure.of[i]];
      const said = data.figure.text[i] || one.label;
      told.replaceChildren(
        G.make("b", { text: data.grids.title[i] }),
        G.make("span", {}, [G.make("i", { colour: one.colour }), G.make("span", { text: data.figure.title + " " + said })])
      );
    };
    map.on("click", () => say(null));
    return say;
  }

  function addWalked(map, data) {
    return L.layerGroup(
      data.walked.map((part) =>
        L.polyline(G.lines(part.lines, data.origin), {
          pane: "tracks", interactive: false, color: part.colour, weight: part.weight, dashArray: part.dash, opacity: 0.95, lineCap: "butt",
        })
      )
    );
  }

  function wire(map, page, layers, grids) {
    const fading = new Set();
    page.querySelectorAll("input[data-layer]").forEach((box) => {
      const name = box.dataset.layer;
      const layer = layers[name];
      const show = () => {
        if (box.checked) layer.addTo(map);
        else layer.remove();
        if (name === "words") return;
        if (box.checked) fading.add(name);
        else fading.delete(name);
        grids.fade(fading.size > 0);
      };
      show();
      box.addEventListener("change", show);
    });
  }

  G.view = function (map, dataId, heat) {
    const data = JSON.parse(document.getElementById(dataId).textContent);
    const page = map.getContainer().closest(".gp-page");
    let grids = null;
    map.setView([data.origin[1], data.origin[0]], 14);
    G.addBase(map, data);
    grids = G.addGrids(map, data, (i) => say(i));
    const say = tell(map, page, data, grids);
    grids.colour(data.figure);
    look(map, data, page, () => grids);
    const words = new G.Labels(G.labels(data.labels, data.origin));
    words.setUnder(data.figure.text);
    wire(map, page, { heat: heat, walked: addWalked(map, data), words: words }, grids);
    page.querySelectorAll("[data-colour]").forEach((one) => (one.style.background = one.dataset.colour));
    const panel = page.querySelector("details.view-said");
    if (page.clientWidth < WIDE) panel.open = false;
    page.classList.add("gp-ready");
  };
})((window.gridpatrol = window.gridpatrol || {}));
