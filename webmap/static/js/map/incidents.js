/* Incidents as dots that gather into clusters; where there are too many for dots, a count for each grid. Tracks and streets as lines. */
(function (G) {
  "use strict";

  const KINDS = ["late", "open", "done"];

  function look(one) {
    return one.open ? (one.late ? "late" : "open") : "done";
  }

  function dot(one, words, scale) {
    const name = [one.category, words[look(one)], one.found].join(", ");
    const icon = L.divIcon({ className: "gp-dot gp-dot-" + look(one), iconSize: [14 * scale, 14 * scale] });
    // An icon that is no picture gets its name from the title alone.
    return { icon: icon, title: name, keyboard: true, riseOnHover: true };
  }

  function size(count) {
    return 20 + Math.min(24, Math.round(3.4 * Math.log2(1 + count)));
  }

  function face(count, kind, words, scale) {
    const wide = size(count) * scale;
    const span = G.make("span", { text: String(count), title: words });
    return L.divIcon({ html: span, className: "gp-cluster gp-cluster-" + kind, iconSize: [wide, wide] });
  }

  function cluster(words, scale) {
    return function (group) {
      const all = group.getAllChildMarkers();
      const open = all.filter((marker) => marker.incident.open).length;
      const late = all.some((marker) => marker.incident.late);
      const said = open ? G.say(words.cluster_open, { open: open, all: all.length }) : G.say(words.cluster_done, { all: all.length });
      return face(open || all.length, open ? (late ? "late" : "open") : "done", said, scale);
    };
  }

  /* One row a thing from columns. */
  function rows(part) {
    const columns = part.incidents;
    return columns.place.map((place, i) => {
      const one = {};
      Object.keys(columns).forEach((name) => (one[name] = columns[name][i]));
      one.category = part.categories[one.category];
      return one;
    });
  }

  /* Counts of grids that have too many to be drawn one by one. */
  function crowdMarkers(crowds, data, shown, chosen, scale) {
    const places = new Map(data.grids.code.map((code, i) => [code, i]));
    return crowds
      .filter((one) => places.has(one.grid))
      .map((one) => {
        const i = places.get(one.grid);
        const count = KINDS.reduce((sum, kind) => sum + (shown[kind] ? one[kind] : 0), 0);
        const kind = shown.late && one.late ? "late" : shown.open && one.open ? "open" : "done";
        if (!count) return null;
        const icon = face(count, kind, G.say(data.words.cluster_open, { open: one.open + one.late, all: one.open + one.late + one.done }), scale);
        return L.marker(G.point(data.grids.spot[i], data.origin), { icon: icon, keyboard: false }).on("click", () => chosen(i));
      })
      .filter(Boolean);
  }

  /* Three switches share one clustered layer: overdue, open and settled incidents. */
  G.addIncidents = function (map, data, parts, chosen, chosenGrid) {
    const scale = G.scaleOf(map);
    const shown = { late: false, open: false, done: false };
    const group = L.markerClusterGroup({
      iconCreateFunction: cluster(data.words, scale),
      maxClusterRadius: (zoom) => (zoom < 15 ? 54 : 38),
      showCoverageOnHover: false,
      spiderLegPolylineOptions: { weight: 1, color: "#6a6f7a", opacity: 0.6 },
      chunkedLoading: true,
    });
    const counts = L.layerGroup();
    let all = [];
    let markers = [];
    let crowds = null;
    let loaded = null;

    function put(part) {
      crowds = part.crowds || null;
      all = crowds ? [] : rows(part);
      markers = all.map((one) => {
        const marker = L.marker(G.point(one.place, data.origin), dot(one, data.words, scale));
        marker.incident = one;
        return marker.on("click", () => chosen(one));
      });
      return part;
    }

    function refresh() {
      group.clearLayers();
      counts.clearLayers();
      group.addLayers(markers.filter((marker) => shown[look(marker.incident)]));
      if (crowds) crowdMarkers(crowds, data, shown, chosenGrid, scale).forEach((marker) => counts.addLayer(marker));
    }

    function load() {
      if (!loaded) {
        loaded = parts.need("incidents").then(put);
        loaded.catch(() => (loaded = null));
      }
      return loaded;
    }

    const flip = (name) => ({
      show: (yes) => {
        if (yes === shown[name]) return null;
        shown[name] = yes;
        if (!yes) {
          refresh();
          return null;
        }
        return load().then((part) => (refresh(), part));
      },
    });
    group.addTo(map);
    counts.addTo(map);
    return {
      known: () => all,
      load: load,
      renew: () => {
        loaded = null;
        return KINDS.some((kind) => shown[kind]) ? load().then((part) => (refresh(), part)) : Promise.resolve(null);
      },
      layers: { late: flip("late"), open: flip("open"), done: flip("done") },
    };
  };

  /* A layer that is drawn anew each time something else is known of it. */
  G.lineLayer = function (map, parts, name, draw) {
    let group = null;
    let on = false;
    const put = () => parts.need(name).then((part) => {
      if (group) group.remove();
      group = L.layerGroup(draw(part));
      if (on) group.addTo(map);
      return part;
    });
    return {
      show: (yes) => {
        on = yes;
        if (yes) return put();
        if (group) group.remove();
        return null;
      },
      renew: () => (on ? put() : Promise.resolve(null)),
    };
  };

  G.addTracks = function (map, data, parts) {
    const renderer = L.canvas({ pane: "tracks", padding: 0.3 });
    const look1 = { renderer: renderer, pane: "tracks", interactive: false, color: "#0b6e78", weight: 2, opacity: 0.32, smoothFactor: 1.5 };
    return G.lineLayer(map, parts, "tracks", (part) => part.tracks.map((track) => L.polyline(G.lines(track, data.origin), look1)));
  };

  /* Streets by how long ago somebody last walked them; those never walked are drawn too. */
  G.addWalked = function (map, data, parts) {
    const renderer = L.canvas({ pane: "tracks", padding: 0.3 });
    const line = (one) =>
      L.polyline(G.lines(one.lines, data.origin), {
        renderer: renderer, pane: "tracks", interactive: false, color: one.colour, weight: one.weight, opacity: 0.95, dashArray: one.dash || null,
      });
    return G.lineLayer(map, parts, "walked", (part) => part.walked.map(line));
  };
})((window.gridpatrol = window.gridpatrol || {}));
