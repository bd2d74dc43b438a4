/* The density of incidents: a picture inside the file, or one made by the server for each window, zoom, time and filter. */
(function (G) {
  "use strict";

  function inFile(map, picture) {
    return { show: (yes) => (yes ? picture.addTo(map) : picture.remove(), null), renew: () => Promise.resolve(null) };
  }

  function fromServer(map, data, address, said) {
    let overlay = null;
    let on = false;
    let turn = 0;

    function draw() {
      const size = map.getSize();
      const bounds = map.getBounds();
      const asked = new URLSearchParams(address.part());
      asked.set("community", data.place);
      asked.set("bbox", [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((part) => part.toFixed(6)).join(","));
      asked.set("width", String(Math.min(1600, Math.round(size.x))));
      asked.set("height", String(Math.min(1600, Math.round(size.y))));
      const mine = (turn += 1);
      return fetch(data.heat + "?" + asked, { credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.blob().then((blob) => [blob, answer.headers]) : Promise.reject(new Error(String(answer.status)))))
        .then(([blob, headers]) => {
          if (mine !== turn || !on) return null;
          const before = overlay;
          overlay = L.imageOverlay(URL.createObjectURL(blob), bounds, { pane: "heat", interactive: false }).addTo(map);
          overlay.once("load", () => before && (before.remove(), URL.revokeObjectURL(before._url)));
          return said(headers);
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

  G.addHeat = function (map, data, address, picture, said) {
    if (picture) return inFile(map, picture);
    return data.heat ? fromServer(map, data, address, said) : null;
  };
})((window.gridpatrol = window.gridpatrol || {}));
