/* Incidents as dots that gather into clusters; a cluster says how many are open. Tracks as one thin layer. */
(function (G) {
  "use strict";

  function look(one) {
    return one.open ? (one.late ? "late" : "open") : "done";
  }

  function dot(one, words) {
    const name = [one.category, words[look(one)], one.found].join(", ");
    const icon = L.divIcon({ className: "gp-dot gp-dot-" + look(one), iconSize: [14, 14] });
    // An icon that is no picture gets its name from the title alone.
    return { icon: icon, title: name, keyboard: true, riseOnHover: true };
  }

  function cluster(words) {
    return function (group) {
      const all = group.getAllChildMarkers();
      const open = all.filter((marker) => marker.incident.open).length;
      const late = all.some((marker) => marker.incident.late);
      const size = 20 + Math.min(18, Math.round(3.4 * Math.log2(1 + (open || all.length))));
      const words1 = open ? G.say(words.cluster_open, { open: open, all: all.length }) : G.say(words.cluster_done, { all: all.length });
      const face = G.make("span", { text: String(open || all.length), title: words1 });
      const kind = open ? (late ? "late" : "open") : "done";
      return L.divIcon({ html: face, className: "gp-cluster gp-cluster-" + kind, iconSize: [size, size] });
    };
  }

  /* Two switches share one clustered layer: open incidents and those done lately. */
  G.addIncidents = function (map, data, chosen) {
    const group = L.markerClusterGroup({
      iconCreateFunction: cluster(data.words),
      maxClusterRadius: (zoom) => (zoom < 15 ? 54 : 38),
      showCoverageOnHover: false,
      spiderLegPolylineOptions: { weight: 1, color: "#6a6f7a", opacity: 0.6 },
      chunkedLoading: true,
    });
    const columns = data.incidents;
    const markers = columns.place.map((place, i) => {
      const one = {};
      Object.keys(columns).forEach((name) => (one[name] = columns[name][i]));
      one.category = data.categories[one.category];
      const marker = L.marker(G.point(place, data.origin), dot(one, data.words));
      marker.incident = one;
      marker.on("click", () => chosen(one));
      return marker;
    });
    const shown = { open: false, done: false };
    const part = (open) => markers.filter((marker) => marker.incident.open === open);
    group.addTo(map);
    const flip = (name, open) => ({
      show: (yes) => {
        if (yes === shown[name]) return;
        shown[name] = yes;
        if (yes) group.addLayers(part(open));
        else group.removeLayers(part(open));
      },
    });
    return { all: markers.map((marker) => marker.incident), open: flip("open", true), done: flip("done", false) };
  };

  G.addTracks = function (map, data) {
    const renderer = L.canvas({ pane: "tracks", padding: 0.3 });
    const look = { renderer: renderer, pane: "tracks", interactive: false, color: "#0b6e78", weight: 2, opacity: 0.32, smoothFactor: 1.5 };
    const layers = data.tracks.map((track) => L.polyline(G.lines(track, data.origin), look));
    const group = L.layerGroup(layers);
    return { show: (yes) => (yes ? group.addTo(map) : group.remove()) };
  };

  /* Streets by how long ago somebody last walked them; those never walked are drawn too. */
  G.addWalked = function (map, data) {
    const renderer = L.canvas({ pane: "tracks", padding: 0.3 });
    const layers = data.walked.map((one) =>
      L.polyline(G.lines(one.lines, data.origin), {
        renderer: renderer, pane: "tracks", interactive: false, color: one.colour, weight: one.weight, opacity: 0.95, dashArray: one.dash || null,
      })
    );
    const group = L.layerGroup(layers);
    return { show: (yes) => (yes ? group.addTo(map) : group.remove()) };
  };
})((window.gridpatrol = window.gridpatrol || {}));
