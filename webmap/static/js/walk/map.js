// The small map: the community's streets from what the phone took along, green where they were walked. Needs no network.

import { say } from "walk/words.js";

const STREET = { color: "#6b7178", weight: 3, interactive: false };
const WALKED = { color: "#00702f", weight: 7, interactive: false, lineCap: "butt" };
const BORDER = { color: "#a8121b", weight: 2, dashArray: "6 5", fillColor: "#fbfaf7", fillOpacity: 1, interactive: false };
const ME = { radius: 9, color: "#ffffff", weight: 3, fillColor: "#0b4a80", fillOpacity: 1, interactive: false };
const POINT = { radius: 7, color: "#7c0c14", weight: 3, fillColor: "#ffffff", fillOpacity: 1, interactive: false };
const CLOSE_ZOOM = 17;

export class WalkMap {
  /** moves: whether fingers and keys may move the map; else it follows the walker and only the buttons change it. */
  constructor(box, kit, { moves = false } = {}) {
    this.ground = document.createElement("div");
    box.replaceChildren(this.ground);
    this.map = L.map(this.ground, {
      attributionControl: false, zoomControl: false, preferCanvas: true, dragging: moves, touchZoom: moves, keyboard: moves,
      doubleClickZoom: false, scrollWheelZoom: moves, boxZoom: false, tapHold: false, maxZoom: 20, minZoom: 11,
      fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false,
    });
    L.control.zoom({ position: "bottomright", zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") }).addTo(this.map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 160 }).addTo(this.map);
    this.bounds = L.latLngBounds([kit.community.bounds[1], kit.community.bounds[0]], [kit.community.bounds[3], kit.community.bounds[2]]);
    this.map.fitBounds(this.bounds);
    this.draw(kit);
  }

  draw({ community, streets, check_points: points }) {
    L.polygon(ringsOf(community.outline), BORDER).addTo(this.map);
    L.polyline(streets.features.flatMap(linesOf), STREET).addTo(this.map);
    this.walked = L.polyline([], WALKED).addTo(this.map);
    points.forEach((point) => L.circleMarker([point.lat, point.lon], POINT).addTo(this.map));
  }

  /** Where the walker is; the map follows, at a scale at which lanes can be told apart. */
  me(fix) {
    const place = [fix.lat, fix.lon];
    if (!this.marker) this.marker = L.circleMarker(place, ME).addTo(this.map);
    this.marker.setLatLng(place);
    if (this.follows === false) return;
    this.map.setView(place, Math.max(this.map.getZoom(), CLOSE_ZOOM), { animate: false });
  }

  green(lines) {
    this.walked.setLatLngs(lines);
  }

  /** Leaflet measures its box when it is shown, not while it is hidden. */
  shown() {
    this.map.invalidateSize({ animate: false });
  }

  remove() {
    this.ground.remove();
    // Leaflet may still be about to draw, and would do so on a canvas that is gone.
    requestAnimationFrame(() => this.map.remove());
  }
}

/** Polygons as rings of [lat, lon], from GeoJSON. */
export function ringsOf(geometry) {
  if (!geometry) return [];
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons.map((rings) => rings.map((ring) => ring.map(([lon, lat]) => [lat, lon])));
}

function linesOf({ geometry }) {
  const parts = geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
  return parts.map((part) => part.map(([lon, lat]) => [lat, lon]));
}
