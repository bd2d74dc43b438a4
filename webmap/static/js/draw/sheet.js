// A canvas over the map that a painter fills: sharp at every zoom, a little larger than the window, redrawn when that moves.

/** What a painter needs: the context, the window as a box of world pixels, and how to get from those to the canvas. */
class View {
  constructor(context, zoom, corner, size) {
    const scale = 2 ** zoom;
    Object.assign(this, { context, zoom, scale, left: corner.x, top: corner.y });
    this.box = [corner.x / scale, corner.y / scale, (corner.x + size.x) / scale, (corner.y + size.y) / scale];
  }

  /** Add rings to the present path; vertices that fall on the pixel of the one before are left out. */
  trace(rings, closed = true) {
    const { context, scale, left, top } = this;
    for (const ring of rings) {
      let x = ring[0] * scale - left;
      let y = ring[1] * scale - top;
      context.moveTo(x, y);
      const last = ring.length - 2;
      for (let i = 2; i <= last; i += 2) {
        const nx = ring[i] * scale - left;
        const ny = ring[i + 1] * scale - top;
        if (i !== last && Math.abs(nx - x) < 0.6 && Math.abs(ny - y) < 0.6) continue;
        context.lineTo(nx, ny);
        x = nx;
        y = ny;
      }
      if (closed) context.closePath();
    }
  }

  place(x, y) {
    return [x * this.scale - this.left, y * this.scale - this.top];
  }
}

export const Sheet = L.Renderer.extend({
  initialize(options) {
    L.Renderer.prototype.initialize.call(this, { padding: 0.2, ...options });
    this.paint = options.paint;
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.className = "draw-sheet";
    this._container.setAttribute("aria-hidden", "true");
  },

  _destroyContainer() {
    cancelAnimationFrame(this.asked);
    this._container.remove();
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const sharp = this._map.options.sharp || window.devicePixelRatio || 1;
    const canvas = this._container;
    L.DomUtil.setPosition(canvas, this._bounds.min);
    canvas.width = Math.round(sharp * size.x);
    canvas.height = Math.round(sharp * size.y);
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
    this.sharp = sharp;
    this.draw();
  },

  /** Draw again with the next frame, however often it is asked for until then. */
  again() {
    if (!this._map || this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      if (this._map && this._bounds) this.draw();
    });
  },

  draw() {
    const context = this._container.getContext("2d");
    const size = this._bounds.getSize();
    const corner = this._bounds.min.add(this._map.getPixelOrigin());
    context.setTransform(this.sharp, 0, 0, this.sharp, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    this.paint(new View(context, this._zoom, corner, size));
  },
});
