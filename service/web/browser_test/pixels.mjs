// How many pixels of two pictures of the same place stand out against each other.
import { inflateSync } from "node:zlib";

// pixels reads a PNG as Chromium writes them: eight bits a channel, not
// interlaced.
export function pixels(png) {
  let width, height, channels;
  const data = [];
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + size);
    if (kind === "IHDR") [width, height, channels] = [body.readUInt32BE(0), body.readUInt32BE(4), { 2: 3, 6: 4 }[body[9]]];
    if (kind === "IDAT") data.push(body);
    at += size + 12;
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const a = x >= channels ? out[y * stride + x - channels] : 0;
      const b = y > 0 ? out[(y - 1) * stride + x] : 0;
      const c = x >= channels && y > 0 ? out[(y - 1) * stride + x - channels] : 0;
      const p = a + b - c;
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      const guess = [0, a, b, (a + b) >> 1, pa <= pb && pa <= pc ? a : pb <= pc ? b : c][filter];
      out[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return { width, height, channels, out };
}

const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
const luminance = (p, i) => 0.2126 * linear(p[i]) + 0.7152 * linear(p[i + 1]) + 0.0722 * linear(p[i + 2]);

// differs counts the pixels whose contrast between the two pictures is at least
// 3:1, as WCAG asks of what shows the focus.
export function differs(before, after) {
  const [a, b] = [pixels(before), pixels(after)];
  if (a.width !== b.width || a.height !== b.height) return 0;
  let n = 0;
  for (let i = 0; i < a.out.length; i += a.channels) {
    if (a.out[i] === b.out[i] && a.out[i + 1] === b.out[i + 1] && a.out[i + 2] === b.out[i + 2]) continue;
    const [x, y] = [luminance(a.out, i), luminance(b.out, i)];
    if ((Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05) >= 3) n++;
  }
  return n;
}
