// The radiograph on a canvas: window, zoom, pan, and a heatmap above it. It knows nothing of servers or findings.

import { WHOLE, byContent, paint, smaller, table } from "./windowing.js";

const QUICK = 1_000_000; // pixels that are windowed anew at every step of a drag; the rest follows when it rests
const LARGEST = 16; // screen pixels a radiograph pixel

export class Viewer extends EventTarget {
  constructor(canvas) {
    super();
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.image = null;
    this.heat = null;
    this.opacity = 0.35;
    this.window = { ...WHOLE };
    this.sheet = document.createElement("canvas");
    new ResizeObserver(() => this.resized()).observe(canvas);
  }

  /** Show a decoded image, fitted, in the window of the whole range. */
  show(image) {
    this.image = image;
    this.quick = image && smaller(image, QUICK);
    this.heat = null;
    this.window = { ...WHOLE };
    this.fit();
    this.develop(true);
  }

  /** An ImageBitmap to lie over the radiograph, or null. */
  overlay(heat) {
    this.heat = heat;
    this.draw();
  }

  setOpacity(opacity) {
    this.opacity = opacity;
    this.draw();
  }

  setWindow(change) {
    const next = { ...this.window, ...change };
    next.width = Math.min(1, Math.max(0.005, next.width));
    next.level = Math.min(1, Math.max(0, next.level));
    this.window = next;
    this.develop(false);
  }

  auto() {
    if (this.image) this.setWindow(byContent(this.image));
  }

  reset() {
    this.setWindow(WHOLE);
    this.fit();
  }

  // Zoom 1 fits the radiograph; `origin` is the screen point of its upper left corner, in CSS pixels.

  get base() {
    const { clientWidth, clientHeight } = this.canvas;
    return this.image ? Math.min(clientWidth / this.image.width, clientHeight / this.image.height) : 1;
  }

  get scale() {
    return this.base * this.zoom;
  }

  fit() {
    this.zoom = 1;
    this.center();
  }

  native() {
    this.zoomTo(1 / (devicePixelRatio * this.base));
  }

  center() {
    if (!this.image) return this.draw();
    const { clientWidth, clientHeight } = this.canvas;
    this.origin = {
      x: (clientWidth - this.image.width * this.scale) / 2,
      y: (clientHeight - this.image.height * this.scale) / 2,
    };
    this.draw();
  }

  /** Zoom about a point of the canvas; without one, about its middle. */
  zoomTo(zoom, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    if (!this.image) return;
    const before = this.scale;
    const least = Math.min(0.5, 1 / (devicePixelRatio * this.base));
    this.zoom = Math.min(Math.max(zoom, least), Math.max(LARGEST / this.base, 16));
    const factor = this.scale / before;
    this.origin = { x: x - (x - this.origin.x) * factor, y: y - (y - this.origin.y) * factor };
    this.keepInSight();
    this.draw();
  }

  pan(dx, dy) {
    if (!this.image) return;
    this.origin = { x: this.origin.x + dx, y: this.origin.y + dy };
    this.keepInSight();
    this.draw();
  }

  keepInSight() {
    const margin = 60;
    const clamp = (value, size, room) => Math.min(room - margin, Math.max(margin - size, value));
    this.origin.x = clamp(this.origin.x, this.image.width * this.scale, this.canvas.clientWidth);
    this.origin.y = clamp(this.origin.y, this.image.height * this.scale, this.canvas.clientHeight);
  }

  resized() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    if (this.zoom === 1 || !this.origin) this.center();
    else this.draw();
  }

  /** Put the window on the pixels: on few of them while it moves, on all when it rests. */
  develop(whole) {
    clearTimeout(this.later);
    if (!this.image) return this.draw();
    const image = whole ? this.image : this.quick;
    const pixels = new ImageData(image.width, image.height);
    paint(image.values, table(this.window, image.max), pixels.data);
    this.sheet.width = image.width;
    this.sheet.height = image.height;
    this.sheet.getContext("2d").putImageData(pixels, 0, 0);
    if (!whole && image !== this.image) this.later = setTimeout(() => this.develop(true), 150);
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      const { context, canvas } = this;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (this.image) {
        context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, this.origin.x * devicePixelRatio, this.origin.y * devicePixelRatio);
        this.compose(context, this.scale);
      }
      this.dispatchEvent(new Event("drawn"));
    });
  }

  /** Radiograph and heatmap, `scale` units of the context a pixel. */
  compose(context, scale) {
    const width = this.image.width * scale, height = this.image.height * scale;
    context.imageSmoothingEnabled = scale * devicePixelRatio < 4; // far in, pixels are worth seeing
    context.imageSmoothingQuality = "high";
    context.drawImage(this.sheet, 0, 0, width, height);
    if (!this.heat) return;
    context.imageSmoothingEnabled = true;
    context.globalAlpha = this.opacity;
    context.drawImage(this.heat, 0, 0, width, height);
    context.globalAlpha = 1;
  }

  /** A PNG of the whole radiograph as it is windowed, the heatmap over it, and lines of text below. */
  picture(lines) {
    this.develop(true);
    const { width, height } = this.image;
    const scale = Math.max(1, 900 / width);
    const size = Math.max(14, Math.round(width * scale / 60));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale + size * (lines.length * 1.5 + 0.8));
    const context = canvas.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.compose(context, scale);
    context.fillStyle = "#d9dee3";
    context.font = `${size}px system-ui, sans-serif`;
    lines.forEach((line, i) => context.fillText(line, size, height * scale + size * (1.5 * i + 1.5), canvas.width - 2 * size));
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}
