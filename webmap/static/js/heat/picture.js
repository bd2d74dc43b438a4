/* A picture made by the server for the window that is seen: asked for when the map rests, shown when it is there. */
(function (G) {
  "use strict";

  const REST_MS = 60;

  /**
   * `options`: address({west, south, east, north, width, height, zoom}) - the address, or null for no picture -,
   * came(headers, window), failed(status).
   * Returned: ask() - again for the same window -, and a promise of it.
   */
  G.heatPicture = function (map, options) {
    const state = { layer: null, url: null, stop: null, timer: null };

    function clear() {
      if (state.layer) state.layer.remove();
      if (state.url) URL.revokeObjectURL(state.url);
      Object.assign(state, { layer: null, url: null });
    }

    function windowSeen() {
      const [size, bounds] = [map.getSize(), map.getBounds()];
      return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth(), width: size.x, height: size.y, zoom: map.getZoom() };
    }

    /* The new picture lies over the old one until the browser has read it, so that nothing flickers. */
    async function put(blob, bounds) {
      const url = URL.createObjectURL(blob);
      const image = new Image();
      image.src = url;
      await image.decode().catch(() => null);
      const layer = L.imageOverlay(url, bounds, { pane: "heat", className: "heat-picture", alt: "" }).addTo(map);
      clear();
      Object.assign(state, { layer: layer, url: url });
    }

    async function load() {
      const seen = windowSeen();
      const address = options.address(seen);
      if (state.stop) state.stop.abort();
      if (!address) return clear();
      const stop = (state.stop = new AbortController());
      try {
        const answer = await fetch(address, { credentials: "same-origin", signal: stop.signal });
        if (!answer.ok) throw new Error(String(answer.status));
        const blob = await answer.blob();
        if (stop.signal.aborted) return undefined;
        const corners = [[seen.south, seen.west], [seen.north, seen.east]];
        // A picture of nothing need not be laid on the map.
        if (Number(answer.headers.get("X-Heat-Peak")) > 0) await put(blob, corners);
        else clear();
        await options.came(answer.headers, seen);
      } catch (error) {
        if (error.name !== "AbortError") options.failed(Number(error.message) || 0);
      }
      return undefined;
    }

    map.on("moveend resize", () => {
      clearTimeout(state.timer);
      state.timer = setTimeout(load, REST_MS);
    });
    return { ask: load };
  };
})((window.gridpatrol = window.gridpatrol || {}));
