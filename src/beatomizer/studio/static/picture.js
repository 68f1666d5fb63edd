/* Colours of a picture: its pixels in OKLab (Ottosson 2020), gathered by k-means, the most telling ones as light. */

const SIDE = 72; // pixels; more adds nothing
const GROUPS = 9;
const ROUNDS = 14;
const FEWEST_APART = 0.09; // OKLab distance of two colours of one palette

const toLinear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const toPaint = (x) => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);

/** sRGB 0..255 to OKLab. */
export function oklab([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((v) => toLinear(v / 255));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

/** OKLab to linear light, perhaps outside 0..1. */
function linear([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s];
}

/** A colour as a lamp would give it: its hue, light, at most as vivid as there are colours. */
function asLamp([L, a, b]) {
  const chroma = Math.hypot(a, b), vivid = chroma < 0.03 ? chroma : Math.max(0.13, Math.min(0.3, chroma * 1.35));
  const scale = chroma > 0 ? vivid / chroma : 0, light = Math.min(0.86, Math.max(0.58, L + 0.08));
  let share = 1, rgb = linear([light, a * scale, b * scale]);
  while (share > 0.05 && Math.min(...rgb) < -0.002) {
    share -= 0.05;
    rgb = linear([light, a * scale * share, b * scale * share]);
  }
  const most = Math.max(1e-6, ...rgb);
  return "#" + rgb.map((x) => Math.round(255 * toPaint(Math.max(0, x) / most)).toString(16).padStart(2, "0")).join("");
}

const apart = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);

/** k-means in OKLab. Begins at the mean and then at what is farthest from all so far, so it needs no chance. */
export function gather(points, groups = GROUPS) {
  const mean = [0, 1, 2].map((c) => points.reduce((sum, point) => sum + point[c], 0) / points.length);
  const centers = [mean], far = points.map((point) => apart(point, mean));
  while (centers.length < groups) {
    const next = far.indexOf(Math.max(...far));
    if (far[next] < 1e-4) break;
    centers.push(points[next]);
    points.forEach((point, i) => (far[i] = Math.min(far[i], apart(point, points[next]))));
  }
  let counts = [];
  for (let round = 0; round < ROUNDS; round++) {
    const sums = centers.map(() => [0, 0, 0, 0]);
    for (const point of points) {
      let best = 0, near = Infinity;
      for (let k = 0; k < centers.length; k++) {
        const way = apart(point, centers[k]);
        if (way < near) [best, near] = [k, way];
      }
      for (let c = 0; c < 3; c++) sums[best][c] += point[c];
      sums[best][3] += 1;
    }
    sums.forEach((sum, k) => sum[3] && (centers[k] = sum.slice(0, 3).map((value) => value / sum[3])));
    counts = sums.map((sum) => sum[3]);
  }
  return centers.map((center, k) => ({ center, share: counts[k] / points.length })).filter((group) => group.share > 0);
}

/** Three to five colours out of pixels, RGBA bytes: those that are many or vivid, and told apart. */
export function paletteOf(bytes) {
  const points = [];
  for (let i = 0; i < bytes.length; i += 4) if (bytes[i + 3] > 127) points.push(oklab(bytes.subarray(i, i + 3)));
  if (!points.length) return [];
  const weight = ({ center: [L, a, b], share }) => share ** 0.5 * (0.02 + Math.hypot(a, b)) * (L < 0.18 ? 0.2 : 1);
  const chosen = [];
  for (const group of gather(points).sort((p, q) => weight(q) - weight(p))) {
    const color = asLamp(group.center), lab = oklab([1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
    if (chosen.length < 5 && chosen.every((other) => apart(other.lab, lab) > FEWEST_APART)) chosen.push({ color, lab });
  }
  return chosen.map((one) => one.color);
}

/** The palette of a picture file. Rejects if it is none. */
export async function paletteOfFile(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return paletteOf(context.getImageData(0, 0, canvas.width, canvas.height).data);
}
