/* The stage: lamps on a truss, beams through haze, pools on the floor, a crowd.

   Two canvases lie on each other: the light, drawn anew for each frame, and the scene before it, drawn when the window
   changes. The light of a frame is a sum of fixed masks, each weighted by a zone's light, and a fixed curve from light to
   picture: a map without memory, so the stage cannot flash when the show does not. Haze is soft, so the light has fewer
   pixels than the screen, as many as this computer sums in a few milliseconds; the scene stays sharp. */

import { lampMask } from "./beams.js";
import { drawBarCase, drawCrowd, drawHousing, drawTruss, seeded } from "./scenery.js";

export const MOST_LAMPS = 24; // more zones than this are drawn as a bar of pixels
const STANDS = 0.6; // lamps hung lower than this share of the way to the floor stand on it and shine up
const MOST_CELLS = 140000;
const FEWEST_CELLS = 14000;

/** Smooth noise 0..1 on a grid of random values. */
function smoothNoise(random, size) {
  const grid = Float32Array.from({ length: size * size }, random);
  const ease = (t) => t * t * (3 - 2 * t);
  return (x, y) => {
    const x0 = Math.floor(x), y0 = Math.floor(y), fx = ease(x - x0), fy = ease(y - y0);
    const at = (i, j) => grid[(((j % size) + size) % size) * size + (((i % size) + size) % size)];
    const top = at(x0, y0) + (at(x0 + 1, y0) - at(x0, y0)) * fx;
    const low = at(x0, y0 + 1) + (at(x0 + 1, y0 + 1) - at(x0, y0 + 1)) * fx;
    return top + (low - top) * fy;
  };
}

/** sRGB 0..1 to light 0..1 and back (IEC 61966-2-1). */
const lightOf = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const paintOf = (x) => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);

const STEPS = 8192; // of the curve, for one unit of light
/** From light 0..2 to paint times 256: straight up to 0.6, then a shoulder, as film has. */
const CURVE = Uint16Array.from({ length: STEPS * 2 + 1 }, (_, i) => {
  const x = i / STEPS;
  return Math.round(255 * 255 * paintOf(x < 0.6 ? x : 0.6 + 0.4 * (1 - Math.exp((0.6 - x) / 0.4))));
});
/** Less than a level of fixed noise breaks up the steps that 8 bits show in dark haze. */
const NOISE = Uint8Array.from({ length: 8191 }, ((random) => () => random() * 255)(seeded(5)));

export class Stage {
  constructor(light, scene, zones) {
    this.light = light;
    this.scene = scene;
    this.context = light.getContext("2d", { alpha: false });
    this.zones = zones;
    this.bar = zones > MOST_LAMPS;
    const lamps = this.bar ? 12 : zones * Math.max(1, Math.ceil(6 / zones));
    this.lamps = Array.from({ length: lamps }, (_, i) => ({
      from: Math.floor((i * zones) / lamps),
      to: Math.max(Math.floor((i * zones) / lamps) + 1, Math.floor(((i + 1) * zones) / lamps)),
    }));
    this.places = [];
    this.colors = new Float32Array(zones * 3);
    this.quality = 1;
    this.slow = 0;
  }

  /** Fit into `width` x `height` CSS pixels, with a header above and controls below that cover the rest. */
  resize(width, height, above, below) {
    this.width = width;
    this.height = height;
    const inside = height - above - below;
    this.truss = above + Math.max(14, inside * 0.045);
    this.floor = above + inside * 0.78;
    this.end = height - below;
    this.margin = width * 0.055;
    this.step = (width - 2 * this.margin) / this.lamps.length;
    this.size = Math.min(this.step * 0.36, 26 + Math.max(0, inside - 800) * 0.03, inside * 0.045);
    this.lens = this.truss + this.size * (this.bar ? 1.9 : 2.5);
    this.lamps.forEach((_, i) => this.hang(i));
    this.fit();
    this.drawScene();
  }

  /** Hang lamps at `places`, [[x, y] …] from 0 to 1 across and from truss to floor; those left out hang in a row. */
  place(places) {
    this.places = this.bar ? [] : places || [];
    if (!this.width) return;
    this.lamps.forEach((_, i) => this.hang(i));
    this.fit();
    this.drawScene();
  }

  /** Move one lamp, which is quicker than `place`. */
  move(index, x, y) {
    this.places[index] = [x, y];
    this.hang(index);
    this.lamps[index].mask = lampMask(this.grid, this, this.lamps[index]);
    this.drawScene();
  }

  /** Where lamp `index` is, or would be by itself: [x, y] from 0 to 1. */
  placeOf(index) {
    return this.places[index] || [(index + 0.5) / this.lamps.length, 0];
  }

  hang(index) {
    const lamp = this.lamps[index], [x, y] = this.placeOf(index);
    lamp.up = y > STANDS;
    lamp.x = this.margin + x * (this.width - 2 * this.margin);
    lamp.y = lamp.up ? this.floor + this.size * 0.4 : this.lens + y * (this.floor - this.lens);
    const narrow = Math.min(1, this.width / this.height);
    const lean = (2 * x - 1) * 0.16 + (this.lamps.length > 1 ? (index % 2 ? 0.05 : -0.05) : 0);
    lamp.lean = (lamp.up ? -0.6 : 1) * lean * narrow;
  }

  /** Give the light canvas as many cells as this computer can sum in time. */
  fit() {
    const most = Math.max(FEWEST_CELLS, Math.min(MOST_CELLS, 2.4e6 / Math.max(this.lamps.length, 12)) * this.quality);
    const cell = Math.max(1, Math.sqrt((this.width * this.height) / most));
    const columns = Math.max(1, Math.round(this.width / cell)), rows = Math.max(1, Math.round(this.height / cell));
    const noise = smoothNoise(seeded(7), 16), haze = new Float32Array(columns * rows), back = new Float32Array(columns * rows * 3);
    const unit = cell / Math.max(60, this.height * 0.2);
    for (let j = 0, at = 0; j < rows; j++) {
      const below = (j + 0.5) * cell >= this.floor, share = (j * cell) / this.height;
      const base = (below ? [13, 14, 20] : [8 + 2 * share, 9 + 2 * share, 13 + 3 * share]).map((v) => lightOf((v * (below ? 1.5 - share * 0.9 : 1)) / 255));
      for (let i = 0; i < columns; i++, at++) {
        haze[at] = 0.55 + 0.65 * (0.65 * noise(i * unit, j * unit * 1.3) + 0.35 * noise(i * unit * 2.7 + 5, j * unit * 2.9));
        back.set(base, at * 3);
      }
    }
    this.light.width = columns;
    this.light.height = rows;
    this.grid = { columns, rows, cell, haze, back };
    this.sum = new Float32Array(columns * rows * 3);
    this.picture = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.picture.data.buffer);
    for (const lamp of this.lamps) lamp.mask = lampMask(this.grid, this, lamp);
    if (this.bar) this.fitBar();
  }

  /** Draw colours 0..255, [zones * 3], times `level` 0..1. */
  draw(colors, level) {
    for (let i = 0; i < this.colors.length; i++) this.colors[i] = lightOf((colors[i] * level) / 255);
    this.sum.set(this.grid.back);
    for (const lamp of this.lamps) this.addLamp(lamp.mask, this.mean(lamp.from, lamp.to));
    if (this.bar) this.addBar();
    this.develop();
    this.context.putImageData(this.picture, 0, 0);
  }

  mean(from, to) {
    const sum = [0, 0, 0];
    for (let zone = from; zone < to; zone++) for (let c = 0; c < 3; c++) sum[c] += this.colors[zone * 3 + c];
    return sum.map((value) => value / (to - from));
  }

  addLamp({ weights, spans }, [r, g, b]) {
    if (r + g + b < 1e-4) return;
    const sum = this.sum;
    for (let j = 0; j < spans.length; j += 2) {
      for (let at = spans[j], to = spans[j + 1], s = at * 3; at < to; at++, s += 3) {
        const weight = weights[at];
        sum[s] += weight * r;
        sum[s + 1] += weight * g;
        sum[s + 2] += weight * b;
      }
    }
  }

  /** Many zones: a bar of pixels under the truss and a curtain of their light. */
  fitBar() {
    const { columns, rows, cell } = this.grid;
    this.falls = Float32Array.from({ length: rows }, (_, j) => {
      const along = ((j + 0.5) * cell - this.lens) / (this.floor - this.lens);
      if (Math.abs((j + 0.5) * cell - this.lens) < this.size * 0.45) return 1;
      return along < 0 || along > 1 ? 0 : 0.35 * (1 - along) ** 4.4;
    });
    const left = this.margin / cell, wide = columns - 2 * left;
    this.zoneOf = Int32Array.from({ length: columns }, (_, i) => {
      const zone = Math.floor(((i + 0.5 - left) / wide) * this.zones);
      return zone < 0 || zone >= this.zones ? -1 : zone;
    });
  }

  addBar() {
    const { columns, rows } = this.grid, { sum, colors, falls, zoneOf } = this;
    for (let j = 0; j < rows; j++) {
      const fall = falls[j];
      if (fall === 0) continue;
      for (let i = 0, s = j * columns * 3; i < columns; i++, s += 3) {
        const zone = zoneOf[i] * 3;
        if (zone < 0) continue;
        sum[s] += fall * colors[zone];
        sum[s + 1] += fall * colors[zone + 1];
        sum[s + 2] += fall * colors[zone + 2];
      }
    }
  }

  /** From light to picture. What is too bright for its colour turns white, as it does in the eye. */
  develop() {
    const { sum, pixels } = this, last = STEPS * 2;
    for (let at = 0, s = 0, n = 0; at < pixels.length; at++, s += 3, n = n === 8190 ? 0 : n + 1) {
      let r = sum[s], g = sum[s + 1], b = sum[s + 2];
      const most = r > g ? (r > b ? r : b) : g > b ? g : b;
      if (most > 0.85) {
        const white = (most - 0.85) * 0.3;
        r += white;
        g += white;
        b += white;
      }
      const noise = NOISE[n];
      r = CURVE[Math.min(last, (r * STEPS) | 0)] + noise;
      g = CURVE[Math.min(last, (g * STEPS) | 0)] + noise;
      b = CURVE[Math.min(last, (b * STEPS) | 0)] + noise;
      pixels[at] = 0xff000000 | ((b & 0xff00) << 8) | (g & 0xff00) | (r >> 8); // little-endian, as every browser's machine is
    }
  }

  /** Fewer cells if frames (`passed` ms apart) come late for a second or so; never back up, which would only swing. */
  keepUp(passed) {
    this.slow = passed > 24 && passed < 250 ? this.slow + 1 : Math.max(0, this.slow - 1);
    if (this.slow > 40 && this.quality > 0.12) {
      this.quality *= 0.6;
      this.slow = 0;
      this.fit();
    }
  }

  drawScene() {
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const wide = Math.round(this.width * ratio), high = Math.round(this.height * ratio);
    const context = this.scene.getContext("2d");
    if (this.scene.width !== wide || this.scene.height !== high) {
      this.scene.width = wide;
      this.scene.height = high;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawTruss(context, this);
    if (this.bar) drawBarCase(context, this);
    else for (const lamp of this.lamps) drawHousing(context, this, lamp);
    drawCrowd(context, this);
  }
}
