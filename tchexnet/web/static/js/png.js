// Grey PNG at its full depth. A browser's own decoder keeps 8 bits, and a window needs all 16.
// Source: PNG specification, third edition (W3C 2025), sections 9 and 10.

const SIGNATURE = 8;

/** {width, height, max, values}: Uint8Array or Uint16Array of grey values, row by row. */
export async function decode(buffer) {
  const view = new DataView(buffer);
  const packed = [];
  let width = 0, height = 0, depth = 0;
  for (let at = SIGNATURE; at < buffer.byteLength;) {
    const length = view.getUint32(at);
    const name = view.getUint32(at + 4);
    if (name === 0x49484452) { // IHDR
      width = view.getUint32(at + 8);
      height = view.getUint32(at + 12);
      depth = view.getUint8(at + 16);
    } else if (name === 0x49444154) { // IDAT
      packed.push(new Uint8Array(buffer, at + 8, length));
    }
    at += length + 12;
  }
  const bytes = await inflate(packed);
  const step = depth / 8;
  unfilter(bytes, width * step, height, step);
  return { width, height, max: depth === 16 ? 65535 : 255, values: grey(bytes, width, height, step) };
}

async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undo each row's filter in place; rows keep their leading filter byte. */
function unfilter(bytes, stride, height, step) {
  const line = stride + 1;
  for (let y = 0; y < height; y++) {
    const start = y * line + 1;
    const kind = bytes[start - 1];
    if (kind === 0) continue;
    for (let x = 0; x < stride; x++) {
      const at = start + x;
      const left = x >= step ? bytes[at - step] : 0;
      const up = y > 0 ? bytes[at - line] : 0;
      const corner = x >= step && y > 0 ? bytes[at - line - step] : 0;
      bytes[at] += kind === 1 ? left : kind === 2 ? up : kind === 3 ? (left + up) >> 1 : paeth(left, up, corner);
    }
  }
}

function paeth(left, up, corner) {
  const a = Math.abs(up - corner), b = Math.abs(left - corner), c = Math.abs(left + up - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function grey(bytes, width, height, step) {
  const values = step === 2 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = y * (width * step + 1) + 1;
    for (let x = 0; x < width; x++, from += step) {
      values[to++] = step === 2 ? (bytes[from] << 8) | bytes[from + 1] : bytes[from];
    }
  }
  return values;
}
