/* Grids coloured by the class of their figure; those where nobody looked are hatched, whatever the colour below. */
(function (G) {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const HATCH = "heat-hatch";

  /* Slanting lines that stay as wide as they are at every zoom. */
  function addHatch(container) {
    const make = (name, attributes, children) => {
      const made = document.createElementNS(SVG, name);
      Object.keys(attributes).forEach((key) => made.setAttribute(key, attributes[key]));
      (children || []).forEach((child) => made.appendChild(child));
      return made;
    };
    const line = make("path", { d: "M0 0V7", stroke: "#4b535b", "stroke-width": "2.2" });
    const pattern = make("pattern", { id: HATCH, width: "7", height: "7", patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, [line]);
    container.insertBefore(make("defs", {}, [pattern]), container.firstChild);
  }

  /**
   * `data` as the base map is packed; `chosen(code)` when a grid is clicked.
   * Returned: paint(figure or null, hatched) - a figure as {of, classes}, hatched a list of yes and no, in the order of `codes`,
   * which paint's third argument gives -, only(class or null), mark(code or null), bounds(code), remove().
   */
  G.heatGrids = function (map, data, chosen) {
    const svg = L.svg({ pane: "fill", padding: 0.5 });
    const shapes = data.grids.shape.map((shape) => G.polygons(shape, data.origin));
    const look = { renderer: svg, pane: "fill", stroke: false, smoothFactor: 0.5 };
    const state = { figure: null, hatched: [], place: new Map(), only: null };
    const codes = data.grids.code;
    const border = { pane: "borders", interactive: false, color: "#8f1230", weight: 1.2, opacity: 0.75, dashArray: "5 4", fill: false };
    const borders = shapes.map((shape) => L.polygon(shape, border).addTo(map));
    const fills = shapes.map((shape, i) => {
      const fill = L.polygon(shape, Object.assign({}, look, { className: "heat-grid", fillOpacity: 0 })).addTo(map);
      fill.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        chosen(codes[i]);
      });
      return fill;
    });
    const hatches = shapes.map((shape) => L.polygon(shape, Object.assign({}, look, { interactive: false, fillColor: `url(#${HATCH})`, fillOpacity: 0 })).addTo(map));
    const line = { pane: "borders", interactive: false, fill: false, opacity: 0 };
    const halo = L.polygon([], Object.assign({}, line, { color: "#fff", weight: 7 })).addTo(map);
    const edge = L.polygon([], Object.assign({}, line, { color: "#1d2129", weight: 3 })).addTo(map);
    if (svg._container) addHatch(svg._container);

    function paint() {
      const { figure, hatched, only } = state;
      fills.forEach((fill, i) => {
        const at = state.place.get(codes[i]);
        const kind = figure && at !== undefined ? figure.of[at] : null;
        const faint = only !== null && kind !== only;
        fill.setStyle({ fillColor: kind === null ? "#ffffff" : figure.classes[kind].colour, fillOpacity: kind === null ? 0 : faint ? 0.1 : 0.86 });
        hatches[i].setStyle({ fillOpacity: at !== undefined && hatched[at] ? (faint ? 0.15 : 0.55) : 0 });
      });
    }

    return {
      codes: codes,
      paint: (figure, hatched, known) => {
        Object.assign(state, { figure: figure, hatched: hatched || [], place: new Map(known.map((code, i) => [code, i])), only: null });
        paint();
      },
      only: (kind) => ((state.only = kind), paint()),
      mark: (code) => {
        const at = code === null ? -1 : codes.indexOf(code);
        [halo, edge].forEach((one) => one.setLatLngs(at < 0 ? [] : shapes[at]).setStyle({ opacity: at < 0 ? 0 : 1 }));
      },
      bounds: (code) => fills[codes.indexOf(code)].getBounds(),
      remove: () => [...fills, ...hatches, ...borders, halo, edge].forEach((layer) => layer.remove()),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
