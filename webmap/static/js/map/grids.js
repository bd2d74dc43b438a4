/* Grids filled by the chosen figure, their borders, and the one that was clicked. */
(function (G) {
  "use strict";

  const RED = "#b3123c";

  function addBorders(map, data) {
    const look = { pane: "borders", interactive: false, color: RED, smoothFactor: 0.5, lineCap: "butt" };
    const scale = G.scaleOf(map);
    const add = (lines, more) => L.polyline(G.lines(lines || [], data.origin), Object.assign({}, look, more, { weight: more.weight * scale })).addTo(map);
    return [
      add(data.borders.inner, { weight: 1.6, opacity: 0.8 }),
      add(data.borders.street, { weight: 1.6, opacity: 0.85, dashArray: "7 5" }),
      add(data.borders.outer, { weight: 2.6, opacity: 0.9 }),
    ];
  }

  G.addGrids = function (map, data, chosen, inside) {
    const svg = L.svg({ pane: "fill", padding: 0.3 });
    const mark = L.polygon([], { pane: "borders", interactive: false, fill: false, color: "#1d2129", weight: 3, opacity: 0 }).addTo(map);
    const halo = L.polygon([], { pane: "borders", interactive: false, fill: false, color: "#fff", weight: 7, opacity: 0 }).addTo(map);
    const shapes = data.grids.shape.map((shape) => G.polygons(shape, data.origin));
    let figure = null;
    let faded = false;
    let only = null;
    const paint = (i) => ({
      fillColor: figure && figure.of ? figure.classes[figure.of[i]].colour : "#d9d9d9",
      fillOpacity: only !== null && figure && figure.of[i] !== only ? 0.08 : faded ? 0.25 : 0.82,
    });
    const fills = shapes.map((shape, i) => {
      const fill = L.polygon(shape, { renderer: svg, pane: "fill", stroke: false, fillOpacity: 0.8, smoothFactor: 0.5, className: "gp-grid" });
      fill.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        chosen(i);
      });
      fill.on("dblclick", (event) => {
        L.DomEvent.stop(event);
        inside(i);
      });
      return fill.addTo(map);
    });
    const repaint = () => fills.forEach((fill, i) => fill.setStyle(paint(i)));
    addBorders(map, data);
    return {
      colour: (next) => {
        figure = next;
        repaint();
      },
      fade: (yes) => {
        faded = yes;
        repaint();
      },
      only: (number) => {
        only = number;
        repaint();
      },
      mark: (i) => {
        const shape = i === null ? [] : shapes[i];
        halo.setLatLngs(shape).setStyle({ opacity: shape.length ? 0.9 : 0 });
        mark.setLatLngs(shape).setStyle({ opacity: shape.length ? 1 : 0 }).bringToFront();
      },
      bounds: (i) => fills[i].getBounds(),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
