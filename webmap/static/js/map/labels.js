/* Names on the map: grids first, then streets along their line, then compounds and buildings; none covers another. */
(function (G) {
  "use strict";

  const FACE = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","WenQuanYi Micro Hei",Arial,sans-serif';
  const LOOK = {
    grid: { size: 13, weight: 700, colour: "#8f1230", from: 0 },
    street: { size: 11.5, weight: 400, colour: "#565b66", from: 15 },
    compound: { size: 12, weight: 500, colour: "#4d5a45", from: 15.5 },
    building: { size: 11, weight: 400, colour: "#6a6f7a", from: 17 },
  };
  const STEEP = Math.PI / 3;
  const BEND = 0.45;

  /* On a wall names are read from the back of the room. */
  function looksFor(map) {
    const scale = G.scaleOf(map);
    const looks = {};
    Object.keys(LOOK).forEach((kind) => (looks[kind] = Object.assign({}, LOOK[kind], { size: LOOK[kind].size * scale, scale: scale })));
    return looks;
  }

  /* Boxes already taken, by 64-pixel cell. */
  function Taken() {
    const cells = new Map();
    const each = (box, visit) => {
      for (let x = Math.floor(box[0] / 64); x <= Math.floor(box[2] / 64); x += 1) {
        for (let y = Math.floor(box[1] / 64); y <= Math.floor(box[3] / 64); y += 1) visit(x * 8192 + y);
      }
    };
    this.free = function (box) {
      let free = true;
      each(box, (key) => {
        (cells.get(key) || []).forEach((other) => {
          if (box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]) free = false;
        });
      });
      return free;
    };
    this.take = (box) => each(box, (key) => (cells.has(key) ? cells.get(key).push(box) : cells.set(key, [box])));
  }

  /* Where along a pixel line a distance lies, and the direction there. */
  function at(points, sums, distance) {
    let i = 1;
    while (i < sums.length - 1 && sums[i] < distance) i += 1;
    const a = points[i - 1];
    const b = points[i];
    const share = (distance - sums[i - 1]) / (sums[i] - sums[i - 1] || 1);
    return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share, turn: Math.atan2(b.y - a.y, b.x - a.x) };
  }

  function letters(context, text, points, sums, middle) {
    const widths = Array.from(text, (letter) => context.measureText(letter).width + 1.5);
    const length = widths.reduce((a, b) => a + b, 0);
    const start = middle - length / 2;
    if (start < 4 || middle + length / 2 > sums[sums.length - 1] - 4) return null;
    const from = at(points, sums, start);
    const to = at(points, sums, start + length);
    const slope = Math.atan2(to.y - from.y, to.x - from.x);
    const steep = Math.abs(Math.abs(slope) - Math.PI / 2) < Math.PI / 2 - STEEP && /[\u3400-\u9fff]/.test(text);
    const back = steep ? to.y < from.y : Math.cos(slope) < 0;
    const placed = [];
    let walked = 0;
    for (let i = 0; i < widths.length; i += 1) {
      const along = walked + widths[i] / 2;
      const spot = at(points, sums, back ? start + length - along : start + along);
      const turn = steep ? 0 : back ? spot.turn + Math.PI : spot.turn;
      if (i && Math.abs(Math.sin((spot.turn - placed[i - 1].turn0) / 2)) > BEND / 2) return null;
      placed.push({ x: spot.x, y: spot.y, turn: turn, turn0: spot.turn, letter: Array.from(text)[i] });
      walked += widths[i];
    }
    return placed;
  }

  function draw(context, look, letter, x, y, turn) {
    context.save();
    context.translate(x, y);
    context.rotate(turn);
    context.strokeText(letter, 0, 0);
    context.fillStyle = look.colour;
    context.fillText(letter, 0, 0);
    context.restore();
  }

  function placeOnLine(context, look, label, points, taken) {
    const sums = [0];
    for (let i = 1; i < points.length; i += 1) sums.push(sums[i - 1] + points[i].distanceTo(points[i - 1]));
    const total = sums[sums.length - 1];
    const half = look.size * 0.62;
    [0.5, 0.3, 0.7, 0.15, 0.85].some((share) => {
      const placed = letters(context, label.text, points, sums, total * share);
      const boxes = placed && placed.map((p) => [p.x - half, p.y - half, p.x + half, p.y + half]);
      if (!boxes || !boxes.every(taken.free)) return false;
      boxes.forEach((box) => taken.take([box[0] - 14, box[1] - 14, box[2] + 14, box[3] + 14]));
      placed.forEach((p) => draw(context, look, p.letter, p.x, p.y, p.turn));
      return true;
    });
  }

  function placeAtPoint(context, look, label, point, taken) {
    const lines = label.under ? [label.text, label.under] : [label.text];
    const wide = Math.max(...lines.map((line) => context.measureText(line).width)) / 2 + 4;
    const high = (lines.length * look.size * 1.25) / 2 + 2;
    const box = [point.x - wide, point.y - high, point.x + wide, point.y + high];
    if (!taken.free(box)) return false;
    taken.take(box);
    lines.forEach((line, i) => {
      const small = i ? Object.assign({}, look, { colour: "#3d424c" }) : look;
      context.font = (i ? "500 " + 11 * look.scale + "px " : look.weight + " " + look.size + "px ") + FACE;
      draw(context, small, line, point.x, point.y + (i - (lines.length - 1) / 2) * look.size * 1.2, 0);
    });
    return true;
  }

  /* Where one place is taken, another of the same thing will do; a name goes there without what stands under it rather than not at all. */
  function placeSomewhere(context, look, label, points, taken) {
    const at = (one) => points.some((point) => placeAtPoint(context, look, one, point, taken));
    if (at(label) || !label.others) return;
    context.font = look.weight + " " + look.size + "px " + FACE;
    at({ text: label.text });
  }

  G.Labels = L.Layer.extend({
    initialize: function (labels) {
      this.labels = labels;
    },
    onAdd: function (map) {
      this.canvas = L.DomUtil.create("canvas", "gp-words leaflet-zoom-hide", map.getPane("words"));
      this.canvas.setAttribute("aria-hidden", "true");
      map.on("moveend zoomend resize", this.redraw, this);
      this.redraw();
    },
    onRemove: function (map) {
      this.canvas.remove();
      map.off("moveend zoomend resize", this.redraw, this);
    },
    setUnder: function (texts) {
      this.labels.filter((label) => label.kind === "grid").forEach((label, i) => (label.under = texts[i]));
      if (this._map) this.redraw();
    },
    redraw: function () {
      const map = this._map;
      // A margin all round, so that names are there already when the map is dragged.
      const margin = map.getSize().multiplyBy(0.3).round();
      const size = map.getSize().add(margin.multiplyBy(2));
      const sharp = window.devicePixelRatio || 1;
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]).subtract(margin));
      const place = (pair) => map.latLngToContainerPoint(pair).add(margin);
      this.canvas.width = size.x * sharp;
      this.canvas.height = size.y * sharp;
      this.canvas.style.width = size.x + "px";
      this.canvas.style.height = size.y + "px";
      const context = this.canvas.getContext("2d");
      context.scale(sharp, sharp);
      Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 3 * G.scaleOf(map), strokeStyle: "rgba(255,255,255,.92)" });
      const taken = new Taken();
      const looks = looksFor(map);
      const seen = map.getBounds().pad(0.3);
      this.labels.forEach((label) => {
        const look = looks[label.kind];
        if (map.getZoom() < look.from + (label.later || 0)) return;
        context.font = look.weight + " " + look.size + "px " + FACE;
        if (label.line) {
          if (label.bounds.intersects(seen)) placeOnLine(context, look, label, label.line.map(place), taken);
        } else {
          const points = [label.point].concat(label.others || []).filter((point) => seen.contains(point));
          placeSomewhere(context, look, label, points.map(place), taken);
        }
      });
    },
  });

  /* From the packed list, the most important names first. */
  G.labels = function (packed, origin) {
    return packed.map((one) => {
      const label = { kind: one.kind, text: one.text, later: one.later || 0 };
      if (one.line) {
        label.line = G.line(one.line, origin);
        label.bounds = L.latLngBounds(label.line);
      } else {
        label.point = G.point(one.point, origin);
      }
      return label;
    });
  };
})((window.gridpatrol = window.gridpatrol || {}));
