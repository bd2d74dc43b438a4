/* What the colours mean: of what, per what, since when, how many grids, and what is not shown. Always there. */
(function (G) {
  "use strict";

  /* A square of a class: its colour, and the hatch where it has one. */
  function mark(one) {
    const square = G.make("i", { class: one.hatch ? "legend-hatch" : "", "aria-hidden": "true" });
    if (one.stripe) square.className = "legend-stripe";
    if (one.colour) square.style.backgroundColor = one.colour;
    if (one.opacity) square.style.opacity = one.opacity;
    return square;
  }

  /**
   * `told`: title, classes [{label, colour, hatch, said}], ramp (whether the classes are one continuous scale), lines (what else is to be known).
   * `light(i or null)`: called while a class is pointed at.
   */
  G.heatLegend = function (root, told, light) {
    const classes = told.classes.map((one, i) => {
      const row = G.make("li", light && !told.ramp ? { tabindex: "0" } : {}, [mark(one), G.make("span", { text: one.label }), one.said ? G.make("em", { text: one.said }) : null]);
      if (light && !told.ramp) {
        const on = () => light(one.hatch ? null : i);
        const off = () => light(null);
        row.addEventListener("mouseenter", on);
        row.addEventListener("mouseleave", off);
        row.addEventListener("focus", on);
        row.addEventListener("blur", off);
      }
      return row;
    });
    root.replaceChildren(
      G.make("h2", { text: told.title }),
      G.make("ul", { class: told.ramp ? "legend-ramp" : "legend-classes" }, classes),
      ...told.lines.filter(Boolean).map((line) => G.make("p", { text: line }))
    );
  };
})((window.gridpatrol = window.gridpatrol || {}));
