// Mouse, pen, finger and keyboard on the map, told to the tool in hand as taps and strokes.

import { project } from "draw/geometry.js";

const SLACK_PX = 5;
const REACH_PX = { mouse: 10, pen: 14, touch: 24 };

export class Hand {
  constructor(map, changed) {
    Object.assign(this, { map, changed, tool: null, fingers: new Map(), down: null, panning: null, space: false, strokes: false });
    const box = map.getContainer();
    box.addEventListener("pointerdown", (event) => this.pressed(event));
    // On the window: a stroke that leaves the map goes on, and ends wherever the button is let go.
    window.addEventListener("pointermove", (event) => this.moved(event));
    window.addEventListener("pointerup", (event) => this.released(event));
    window.addEventListener("pointercancel", () => this.drop());
    box.addEventListener("pointerleave", () => this.tool?.away?.());
    box.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  hold(tool) {
    this.drop();
    this.tool?.stop?.();
    this.tool = tool;
    if (tool.strokes) this.map.dragging.disable();
    else this.map.dragging.enable();
    tool.start?.();
  }

  place(event) {
    return this.from(this.map.mouseEventToLatLng(event), event.pointerType, event);
  }

  from(latlng, pointer = "mouse", event = {}) {
    const [x, y] = project(latlng.lng, latlng.lat);
    const reach = (REACH_PX[pointer] || 10) / 2 ** this.map.getZoom();
    return { x, y, reach, alt: event.altKey || event.button === 2, shift: event.shiftKey || event.ctrlKey || event.metaKey };
  }

  pressed(event) {
    if (event.target.closest(".leaflet-control, .draw-over")) return;
    this.map.getContainer().focus({ preventScroll: true });
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size > 1) return this.drop(true);
    this.strokes = Boolean(this.tool.strokes || (this.tool.fingerStrokes && event.pointerType !== "mouse"));
    // Before the map hears of it: with a finger that draws, two fingers move the map.
    if (this.strokes) this.map.dragging.disable();
    else this.map.dragging.enable();
    if (event.button === 1 || this.space || (event.button === 2 && this.tool.strokes)) {
      this.panning = { x: event.clientX, y: event.clientY, far: 0, button: event.button };
      event.preventDefault();
      return;
    }
    this.down = { event, far: false };
    if (this.strokes && event.button === 0) this.tool.press?.(this.place(event));
  }

  moved(event) {
    if (this.fingers.size > 1) return;
    if (this.panning) return this.pan(event);
    if (!this.down) {
      if (event.pointerType === "touch") return;
      if (event.target.closest?.(".leaflet-container") && !event.target.closest(".leaflet-control, .draw-over")) this.tool?.hover?.(this.place(event));
      return;
    }
    const { clientX, clientY } = this.down.event;
    const far = Math.hypot(event.clientX - clientX, event.clientY - clientY) > SLACK_PX;
    this.down.far ||= far;
    if (this.down.far && this.strokes) {
      const events = event.getCoalescedEvents?.() || [];
      for (const one of events.length ? events : [event]) this.tool.stroke?.(this.place(one));
    }
  }

  pan(event) {
    const by = [this.panning.x - event.clientX, this.panning.y - event.clientY];
    this.panning.far += Math.hypot(...by);
    this.map.panBy(by, { animate: false });
    Object.assign(this.panning, { x: event.clientX, y: event.clientY });
  }

  released(event) {
    this.fingers.delete(event.pointerId);
    if (this.panning) {
      const { far, button } = this.panning;
      this.panning = null;
      if (far <= SLACK_PX && button === 2) this.tool.tap?.({ ...this.place(event), alt: true });
      return;
    }
    const down = this.down;
    this.down = null;
    if (!down) return;
    if (down.far) {
      if (this.strokes) this.tool.release?.(this.place(event));
    } else this.tool.tap?.({ ...this.place(down.event) });
    this.changed();
  }

  /** Let go of whatever was begun: a second finger came down, or another tool was taken. */
  drop(keep = false) {
    if (this.down && this.tool?.letGo) this.tool.letGo();
    else if (this.down) this.tool?.cancel?.();
    this.down = null;
    this.panning = null;
    if (!keep) this.fingers.clear();
  }

  /** The keyboard's tap: at the cross in the middle of the map. */
  tapMiddle(event) {
    const place = this.from(this.map.getCenter(), "touch", event);
    if (this.tool.byKey) this.tool.byKey(place);
    else this.tool.tap?.(place);
    this.changed();
  }
}
