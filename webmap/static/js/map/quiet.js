/* The base map with grids and names and nothing else, for pages that lay something of their own over it. */
(function (G) {
  "use strict";

  function addGrids(map, data) {
    const look = { pane: "borders", interactive: false, color: "#8f1230", weight: 1.2, opacity: 0.75, dashArray: "5 4", fill: true, fillOpacity: 0 };
    const found = new Map();
    data.grids.code.forEach((code, i) => {
      const layer = L.polygon(G.polygons(data.grids.shape[i], data.origin), look).addTo(map);
      found.set(code, layer);
    });
    return found;
  }

  /* A map in an element, empty at first; `then` is called with its data and grids by code once the ground is drawn. */
  G.quietMap = function (element, address, words, then) {
    const map = L.map(element, { attributionControl: false, zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, maxZoom: 20, minZoom: 9 });
    L.control.zoom({ position: "bottomright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 100 }).addTo(map);
    map.setView([0, 0], 15);
    fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((data) => {
        map.fitBounds(L.latLngBounds(data.bounds.map((pair) => G.point(pair, data.origin))), { padding: [12, 12] });
        G.addBase(map, data);
        const grids = addGrids(map, data);
        map.addLayer(new G.Labels(G.labels(data.labels, data.origin)));
        then(map, data, grids);
      })
      .catch(() => element.classList.add("no-ground"));
    return map;
  };
})((window.gridpatrol = window.gridpatrol || {}));
