/* The density of incidents: a picture inside the file, or one made by the server for each window, zoom, time and filter. */
(function (G) {
  "use strict";

  function inFile(map, picture) {
    return { show: (yes) => (yes ? picture.addTo(map) : picture.remove(), null), renew: () => Promise.resolve(null) };
  }

  const STEPS = [1, 2, 5];

  /* Where the classes begin, from where the last one does: each step of 1, 2, 5, 10 ... below it. */
  function bounds(top, count) {
    let power = Math.floor(Math.log10(top) + 1e-9);
    let step = STEPS.findIndex((one) => Math.abs(one * 10 ** power - top) < top * 1e-6);
    const found = [];
    for (let i = 0; i < count; i += 1) {
      found.unshift(Number((STEPS[step] * 10 ** power).toPrecision(1)));
      step -= 1;
      if (step < 0) {
        step = 2;
        power -= 1;
      }
    }
    return found;
  }

  /* The legend: of what, per what, since when, and each class with its colour. */
  function tell(page, data, headers) {
    const top = Number(headers.get("X-Heat-Top"));
    if (!top) return;
    const from = bounds(top, data.heat.colours.length);
    const rows = from.map((begin, i) => G.make("li", {}, [G.make("i", { colour: data.heat.colours[i] }), G.make("span", { text: (i === from.length - 1 ? "≥ " : "") + begin })]));
    page.querySelectorAll(".gp-heat-ramp").forEach((ramp) => {
      const list = G.make("ol", { class: "gp-heat-classes" }, rows.map((row) => row.cloneNode(true)));
      ramp.replaceChildren(list, G.make("p", {}, [G.make("span", { text: data.words.per_hectare })]));
    });
    const facts = { n: Number(headers.get("X-Heat-Counted")).toLocaleString(), reach: Math.round(Number(headers.get("X-Heat-Reach-M"))) };
    page.querySelector(".gp-heat-note").textContent = G.say(data.words.heat_note, facts);
  }

  function fromServer(map, data, address, page) {
    let overlay = null;
    let on = false;
    let turn = 0;

    function question(area) {
      const size = map.getSize();
      const asked = new URLSearchParams(address.part());
      asked.delete("place");
      asked.set(data.place.length === 12 ? "community" : "area", data.place);
      asked.set("bbox", [area.getWest(), area.getSouth(), area.getEast(), area.getNorth()].map((part) => part.toFixed(6)).join(","));
      asked.set("width", String(Math.round(size.x)));
      asked.set("height", String(Math.round(size.y)));
      return data.heat.address + "?" + asked;
    }

    function put(area, blob) {
      const before = overlay;
      overlay = L.imageOverlay(URL.createObjectURL(blob), area, { pane: "heat", interactive: false }).addTo(map);
      const drop = () => {
        if (!before) return;
        before.remove();
        URL.revokeObjectURL(before._url);
      };
      overlay.once("load", drop).once("error", drop);
    }

    function draw() {
      const area = map.getBounds();
      const mine = (turn += 1);
      return fetch(question(area), { credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.blob().then((blob) => [blob, answer.headers]) : Promise.reject(new Error(String(answer.status)))))
        .then(([blob, headers]) => {
          if (mine !== turn || !on) return null;
          put(area, blob);
          tell(page, data, headers);
          return null;
        });
    }

    map.on("moveend", () => on && draw().catch(() => {}));
    return {
      show: (yes) => {
        on = yes;
        if (yes) return draw();
        turn += 1;
        if (overlay) overlay.remove();
        overlay = null;
        return null;
      },
      renew: () => (on ? draw() : Promise.resolve(null)),
    };
  }

  G.addHeat = function (map, data, address, picture, page) {
    if (picture) return inFile(map, picture);
    return data.heat ? fromServer(map, data, address, page) : null;
  };
})((window.gridpatrol = window.gridpatrol || {}));
