/* What the server packed, unpacked: shapes from whole-number steps, elements from plain text. */
(function (G) {
  "use strict";

  /* One ring or line: [x0, y0, dx, dy, ...] in millionths of a degree from the map's origin -> [[lat, lon], ...]. */
  G.line = function (steps, origin) {
    const points = new Array(steps.length / 2);
    let x = 0;
    let y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      points[i / 2] = [origin[1] + y / 1e6, origin[0] + x / 1e6];
    }
    return points;
  };

  G.lines = (packed, origin) => packed.map((steps) => G.line(steps, origin));

  G.polygons = (packed, origin) => packed.map((rings) => G.lines(rings, origin));

  G.point = (pair, origin) => [origin[1] + pair[1] / 1e6, origin[0] + pair[0] / 1e6];

  /* An element whose words are set as text, never as markup: nothing a user wrote can become code. */
  G.make = function (tag, attributes, children) {
    const element = document.createElement(tag);
    Object.keys(attributes || {}).forEach((name) => {
      if (attributes[name] === undefined || attributes[name] === null) return;
      if (name === "text") element.textContent = attributes.text;
      else if (name === "colour") element.style.background = attributes.colour;
      else element.setAttribute(name, attributes[name]);
    });
    (children || []).filter(Boolean).forEach((child) => element.appendChild(child));
    return element;
  };

  /* How much larger everything is drawn: on very wide screens, and on a wall that is read from the back of the room. */
  G.scaleOf = function (map) {
    const wide = map.getSize().x;
    const wall = Boolean(map.getContainer().closest(".gp-screen"));
    if (wall) return 1.25 * (wide >= 3400 ? 2 : wide >= 2400 ? 1.4 : 1);
    return wide >= 2800 ? 1.75 : wide >= 2400 ? 1.3 : 1;
  };

  /* "%(n)s grids" with {n: 3} -> "3 grids". */
  G.say = (template, facts) => template.replace(/%\((\w+)\)s/g, (all, name) => String(facts[name]));
})((window.gridpatrol = window.gridpatrol || {}));
