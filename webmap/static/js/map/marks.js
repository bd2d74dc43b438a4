/* People, boards and cameras on the map: small marks with a name, each layer fetched when it is switched on. */
(function (G) {
  "use strict";

  function tag(point, kind, lines, options) {
    const text = lines.filter(Boolean).map((line, i) => G.make(i ? "em" : "b", { text: line }));
    const icon = L.divIcon({ html: G.make("span", { class: "gp-tag-face" }, text), className: "gp-pin gp-pin-" + kind, iconSize: null });
    return L.marker(point, Object.assign({ icon: icon, keyboard: false, title: lines.filter(Boolean).join(" · ") }, options));
  }

  /* A square as large as there are needs, with their number; the building's card lists them. */
  function needMark(one, data, most, scale, chosen) {
    const side = scale * (18 + 22 * Math.sqrt(one.n / most));
    const said = one.name + " · " + one.of.map((kind) => kind.name + " " + kind.n).join(", ");
    const icon = L.divIcon({ html: G.make("span", { text: String(one.n) }), className: "gp-need", iconSize: [side, side] });
    return L.marker(G.point(one.point, data.origin), { icon: icon, title: said, keyboard: true }).on("click", () => chosen(one.id));
  }

  G.addMarks = function (map, data, parts, chosen) {
    const places = new Map(data.grids.code.map((code, i) => [code, i]));
    const spot = (i) => G.point(data.grids.spot[i], data.origin);
    const atGrid = (code, kind, lines) => {
      const i = places.get(code);
      return i === undefined ? null : tag(spot(i), kind, lines).on("click", () => chosen.grid(i));
    };

    /* Who is posted to each grid, and who is to walk there now by the plan. */
    function duty(part) {
      const now = new Map();
      part.duty.forEach((one) => now.set(one.grid, (now.get(one.grid) || []).concat(G.say(data.words.until, { who: one.who, time: one.until }))));
      return data.grids.code
        .map((code, i) => {
          const posted = data.grids.card[i].chain.find((one) => one.name);
          const walking = now.get(code) || [];
          if (!posted && !walking.length) return null;
          return atGrid(code, walking.length ? "now" : "duty", [posted ? posted.name : "", ...walking]);
        })
        .filter(Boolean);
    }

    /* How many are out in each grid; where exactly is told on their own page, for a reason. */
    function out(part) {
      return Object.keys(part.out).map((code) => atGrid(code, "out", [G.say(data.words.out, { n: part.out[code] })])).filter(Boolean);
    }

    function boards(part) {
      const marks = part.boards.map((one) => tag(G.point(one.point, data.origin), "board", [one.text || data.words.board]));
      return marks.concat(part.board_grids.map((code) => atGrid(code, "board", [data.words.board])).filter(Boolean));
    }

    function cameras(part) {
      return part.cameras.map((one) => tag(G.point(one.point, data.origin), "camera", [one.text], { keyboard: true }).on("click", () => chosen.camera(one)));
    }

    function needs(part) {
      const legend = map.getContainer().closest(".gp-page").querySelector(".gp-needs-legend");
      if (legend) legend.textContent = part.legend;
      const most = Math.max(1, ...part.needs.map((one) => one.n));
      return part.needs.map((one) => needMark(one, data, most, G.scaleOf(map), chosen.house));
    }

    return {
      needs: G.lineLayer(map, parts, "needs", needs),
      duty: G.lineLayer(map, parts, "duty", duty),
      out: G.lineLayer(map, parts, "out", out),
      boards: G.lineLayer(map, parts, "boards", boards),
      cameras: G.lineLayer(map, parts, "cameras", cameras),
    };
  };
})((window.gridpatrol = window.gridpatrol || {}));
