/* The quiet base map: ground, buildings and streets on one canvas each, drawn so that grids and incidents carry the colour. */
(function (G) {
  "use strict";

  const PANES = [["ground", 200], ["fill", 300], ["streets", 330], ["heat", 350], ["borders", 400], ["tracks", 410], ["words", 450]];
  const CLASSES = ["path", "back_street", "branch", "secondary", "arterial", "expressway"];
  const METRES = { path: 1.6, back_street: 3.5, branch: 6, secondary: 9, arterial: 13, expressway: 18 };
  const LEAST = { path: 0.6, back_street: 0.9, branch: 1.3, secondary: 2, arterial: 2.6, expressway: 3.2 };

  /* Width in pixels of a street that is so many metres wide, never thinner than can be seen. */
  function width(map, name) {
    const metresPerPixel = (40075016 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
    return Math.min(26, Math.max(LEAST[name], METRES[name] / metresPerPixel));
  }

  function addPanes(map) {
    PANES.forEach(([name, order]) => {
      const pane = map.createPane(name);
      pane.style.zIndex = order;
      if (name !== "fill") pane.style.pointerEvents = "none";
    });
  }

  function addStreets(map, streets, origin) {
    const renderer = L.canvas({ pane: "streets", padding: 0.3 });
    const drawn = [];
    const add = (name, lines, casing) => {
      const path = name === "path";
      const options = { renderer: renderer, pane: "streets", interactive: false, smoothFactor: 1.2, lineCap: path ? "butt" : "round" };
      options.color = casing ? "#8b8f99" : path ? "#8b8f99" : "#ffffff";
      options.opacity = casing ? 0.34 : path ? 0.4 : 1;
      if (path) options.dashArray = "3 3";
      drawn.push({ name: name, casing: casing, layer: L.polyline(lines, options).addTo(map) });
    };
    const shapes = CLASSES.filter((name) => streets[name]).map((name) => [name, G.lines(streets[name], origin)]);
    shapes.filter(([name]) => name !== "path").forEach(([name, lines]) => add(name, lines, true));
    shapes.forEach(([name, lines]) => add(name, lines, false));
    const fit = () => drawn.forEach((one) => one.layer.setStyle({ weight: width(map, one.name) + (one.casing ? 1.6 : 0) }));
    fit();
    map.on("zoomend", fit);
    return drawn.map((one) => one.layer);
  }

  G.addBase = function (map, data) {
    addPanes(map);
    const ground = L.canvas({ pane: "ground", padding: 0.3 });
    const quiet = { renderer: ground, pane: "ground", interactive: false, stroke: false, fillOpacity: 1, smoothFactor: 0.6 };
    L.polygon(G.polygons(data.outline, data.origin), Object.assign({}, quiet, { fillColor: "#fbfaf7" })).addTo(map);
    const above = L.canvas({ pane: "streets", padding: 0.3 });
    const shade = { renderer: above, pane: "streets", interactive: false, smoothFactor: 0.6 };
    const compounds = Object.assign({}, shade, { stroke: false, fillColor: "#6f7c66", fillOpacity: 0.08 });
    const buildings = Object.assign({}, shade, { color: "#555b66", weight: 0.6, opacity: 0.35, fillColor: "#5b616d", fillOpacity: 0.2 });
    const drawn = [L.polygon(G.polygons(data.base.compounds, data.origin), compounds).addTo(map)];
    const streets = addStreets(map, data.base.streets, data.origin);
    drawn.push(L.polygon(G.polygons(data.base.buildings, data.origin), buildings).addTo(map));
    return drawn.concat(streets);
  };
})((window.gridpatrol = window.gridpatrol || {}));
