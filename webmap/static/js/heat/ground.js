/* The ground under the heat: the quiet base map, and names that can say a figure below them. */
(function (G) {
  "use strict";

  /* The names of a packed ground, on the map, so that figures can be written under the grids'. */
  G.heatLabels = function (map, data) {
    const labels = new G.Labels(G.labels(data.labels, data.origin));
    map.addLayer(labels);
    return labels;
  };

  /* The figures of grids in the order in which the ground names them. */
  G.inOrder = function (data, codes, texts) {
    const place = new Map(codes.map((code, i) => [code, i]));
    return data.grids.code.map((code) => (place.has(code) ? texts[place.get(code)] : ""));
  };

  G.heatControls = function (map, words) {
    L.control.zoom({ position: "bottomright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
  };

  G.packedGround = (address) =>
    fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" }).then((answer) =>
      answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))
    );

  /* A map in an element; `then(map, data)` once the ground has come, `failed(status)` when it does not. */
  G.heatGround = function (element, address, words, then, failed) {
    const map = L.map(element, { attributionControl: false, zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, maxZoom: 20, minZoom: 9 });
    G.heatControls(map, words);
    map.setView([0, 0], 15);
    new ResizeObserver(() => map.invalidateSize({ animate: false, pan: false })).observe(element);
    G.packedGround(address)
      .then((data) => {
        G.addBase(map, data);
        then(map, data);
      })
      .catch((error) => failed(Number(error.message) || 0));
  };
})((window.gridpatrol = window.gridpatrol || {}));
