// From grey values to the screen's: a window (level, width), both as shares of the whole range, and inversion.

export const WHOLE = Object.freeze({ level: 0.5, width: 1, inverted: false });

/** Uint8 of every grey value from 0 to max. */
export function table(window, max) {
  const found = new Uint8ClampedArray(max + 1);
  const low = window.level - window.width / 2;
  for (let value = 0; value <= max; value++) {
    const shown = 255 * (value / max - low) / window.width;
    found[value] = window.inverted ? 255 - shown : shown;
  }
  return found;
}

/** Grey values as RGBA for a canvas. */
export function paint(values, lut, pixels) {
  const out = new Uint32Array(pixels.buffer);
  for (let i = 0; i < values.length; i++) {
    const v = lut[values[i]];
    out[i] = 0xff000000 | (v << 16) | (v << 8) | v; // the same from either end: grey
  }
}

/** The window from the 1st to the 99th of a hundred values. */
export function byContent(image) {
  const counts = new Uint32Array(1024);
  const step = Math.max(1, Math.floor(image.values.length / 500_000));
  let total = 0;
  for (let i = 0; i < image.values.length; i += step, total++) counts[Math.floor((image.values[i] / (image.max + 1)) * 1024)]++;
  const at = (share) => {
    let seen = 0, bin = 0;
    while (bin < 1023 && (seen += counts[bin]) < share * total) bin++;
    return bin / 1024;
  };
  const low = at(0.01), high = Math.max(at(0.99) + 1 / 1024, low + 0.01);
  return { level: (low + high) / 2, width: high - low };
}

/** The image with its longer side halved until it has at most `most` pixels, for quick redrawing. */
export function smaller(image, most) {
  const step = Math.ceil(Math.sqrt(image.values.length / most));
  if (step <= 1) return image;
  const width = Math.floor(image.width / step), height = Math.floor(image.height / step);
  const values = new image.values.constructor(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = 0; dy < step; dy++) {
        const row = (y * step + dy) * image.width + x * step;
        for (let dx = 0; dx < step; dx++) sum += image.values[row + dx];
      }
      values[y * width + x] = sum / (step * step);
    }
  }
  return { width, height, max: image.max, values };
}
