/* The stage: lamps on a truss, beams through haze, pools on the floor, a crowd.

   Two canvases lie on each other: the light, drawn anew for each frame, and the scene before it, drawn when the window
   changes. The light of a frame is a sum of fixed pictures, each weighted by a zone's red, green or blue: a map without
   memory, so the stage cannot flash when the show does not. */

import { drawBarCase, drawCrowd, drawHousing, drawTruss, seeded } from "./scenery.js";

export const MOST_LAMPS = 24; // more zones than this are drawn as a bar of pixels
const MOST_PIXELS = 1.4e6; // of the light canvas; haze is soft, the scene before it stays sharp

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

/** A mask in pure red, green and blue (and white), to be added with any colour's weights. */
function sprite(width, height, mask, random) {
  const weights = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) weights[y * width + x] = mask((x + 0.5) / width, (y + 0.5) / height);
  }
  return [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]].map((color) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(width, height);
    for (let i = 0; i < weights.length; i++) {
      picture.data.set(color, i * 4);
      // Half a level of noise breaks up the steps that 8 bits show in dark haze.
      picture.data[i * 4 + 3] = weights[i] <= 0 ? 0 : Math.max(0, weights[i] * 255 + random() - 0.5);
    }
    context.putImageData(picture, 0, 0);
    return canvas;
  });
}

function makeSprites() {
  const random = seeded(7);
  const noise = smoothNoise(random, 16);
  const edge = (u) => Math.max(0, Math.exp(-u * u * 4.2) - Math.exp(-4.2)) / (1 - Math.exp(-4.2));
  const beam = (x, y) => {
    const half = 0.045 + 0.455 * y;
    const haze = 0.78 + 0.3 * noise(x * 5 + 3, y * 7) * (0.4 + 0.6 * y) + 0.08 * noise(x * 13, y * 19);
    const length = 0.36 * (1 - y * 0.5) + 0.55 * Math.exp(-y * 3.4) + 0.35 * Math.exp(-y * 22);
    return Math.min(1, edge((x - 0.5) / half) * length * haze * Math.min(1, (1 - y) * 9));
  };
  const round = (power) => (x, y) => Math.max(0, 1 - 2 * Math.hypot(x - 0.5, y - 0.5)) ** power;
  return {
    beam: sprite(160, 480, beam, random),
    glow: sprite(192, 192, round(2.4), random),
    core: sprite(96, 96, (x, y) => Math.min(1, 1.8 * round(1.5)(x, y)), random),
  };
}

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
    this.sprites = makeSprites();
    this.strip = document.createElement("canvas");
    this.strip.width = zones;
    this.strip.height = 1;
    this.strip.pixels = this.strip.getContext("2d").createImageData(zones, 1);
    this.curtain = document.createElement("canvas");
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
    const margin = width * 0.055;
    this.step = (width - 2 * margin) / this.lamps.length;
    this.size = Math.min(this.step * 0.36, 26, inside * 0.045);
    this.lens = this.truss + this.size * (this.bar ? 1.9 : 2.5);
    this.lamps.forEach((lamp, i) => {
      lamp.x = margin + (i + 0.5) * this.step;
      const u = this.lamps.length > 1 ? (2 * i) / (this.lamps.length - 1) - 1 : 0;
      const lean = Math.min(1, width / height) * 0.16;
      lamp.lean = u * lean + (i % 2 ? 0.05 : -0.05) * Math.min(1, width / height);
    });
    this.fit();
    this.drawScene();
  }

  /** Give the light canvas as many pixels as this computer can fill in time. */
  fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (this.width * this.height)));
    const scale = Math.max(0.3, ratio * this.quality);
    this.light.width = Math.max(1, Math.round(this.width * scale));
    this.light.height = Math.max(1, Math.round(this.height * scale));
    this.scale = this.light.width / this.width;
    const back = this.context.createLinearGradient(0, 0, 0, this.light.height);
    back.addColorStop(0, "#08090d");
    back.addColorStop((this.floor - 2) / this.height, "#0a0b10");
    back.addColorStop(this.floor / this.height, "#0d0e14");
    back.addColorStop(1, "#050508");
    this.back = back;
  }

  /** Draw colours 0..255, [zones * 3], times `level` 0..1. */
  draw(colors, level) {
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.globalAlpha = 1;
    context.fillStyle = this.back;
    context.fillRect(0, 0, this.light.width, this.light.height);
    context.globalCompositeOperation = "lighter";
    for (const lamp of this.lamps) lamp.color = this.mean(colors, lamp.from, lamp.to, level);
    this.drawHaze();
    if (this.bar) this.drawBar(colors, level);
    for (const lamp of this.lamps) this.drawLamp(lamp);
  }

  mean(colors, from, to, level) {
    const sum = [0, 0, 0];
    for (let zone = from; zone < to; zone++) for (let c = 0; c < 3; c++) sum[c] += colors[zone * 3 + c];
    return sum.map((value) => (value / (to - from) / 255) * level);
  }

  /** Add one picture in one colour. */
  add(pictures, color, weight, x, y, width, height) {
    for (let c = 0; c < 3; c++) {
      const alpha = color[c] * weight;
      if (alpha < 0.004) continue;
      this.context.globalAlpha = Math.min(1, alpha);
      this.context.drawImage(pictures[c], x, y, width, height);
    }
  }

  /** The room: a wide soft glow for each third of the stage. */
  drawHaze() {
    this.context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    const third = Math.ceil(this.lamps.length / 3);
    for (let part = 0; part < 3; part++) {
      const lamps = this.lamps.slice(part * third, (part + 1) * third);
      if (!lamps.length) continue;
      const color = [0, 1, 2].map((c) => lamps.reduce((sum, lamp) => sum + lamp.color[c], 0) / lamps.length);
      const wide = this.width * 0.95, high = (this.floor - this.truss) * 1.5;
      const x = lamps.reduce((sum, lamp) => sum + lamp.x, 0) / lamps.length;
      this.add(this.sprites.glow, color, 0.27, x - wide / 2, this.lens - high * 0.32, wide, high);
    }
  }

  drawLamp(lamp) {
    const { sprites, scale, size } = this;
    const reach = this.floor - this.lens;
    const wide = Math.min(Math.max(this.step * 2.1, this.width * 0.1), reach * 0.75, this.width * 0.34);
    const color = lamp.color;
    // The beam leans by a shear, which keeps its foot level with the floor.
    this.context.setTransform(scale, 0, lamp.lean * scale, scale, (lamp.x - lamp.lean * this.lens) * scale, 0);
    this.add(sprites.beam, color, this.bar ? 0.6 : 0.95, -wide / 2, this.lens, wide, reach * 1.04);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    const foot = lamp.x + lamp.lean * reach;
    const deep = this.end - this.floor, pool = wide * 1.12, flat = Math.min(pool * 0.3, deep * 0.8);
    this.add(sprites.glow, color, 0.9, foot - pool / 2, this.floor - flat * 0.4, pool, flat);
    this.add(sprites.glow, color, 0.3, foot - pool, this.floor - deep * 0.75, pool * 2, deep * 1.9);
    if (this.bar) return;
    const halo = size * 7.5;
    this.add(sprites.glow, color, 0.6, lamp.x - halo / 2, this.lens - halo / 2, halo, halo);
    const core = size * 2.1;
    this.add(sprites.core, color, 1, lamp.x - core / 2, this.lens - core / 2, core, core);
    const hot = size * 1.25, top = Math.max(...color);
    this.context.globalAlpha = 0.75 * top * top;
    this.context.drawImage(sprites.core[3], lamp.x - hot / 2, this.lens - hot / 2, hot, hot);
  }

  /** Many zones: a bar of pixels under the truss and a curtain of their light. */
  drawBar(colors, level) {
    const data = this.strip.pixels.data;
    for (let zone = 0; zone < this.zones; zone++) {
      for (let c = 0; c < 3; c++) data[zone * 4 + c] = colors[zone * 3 + c] * level;
      data[zone * 4 + 3] = 255;
    }
    this.strip.getContext("2d").putImageData(this.strip.pixels, 0, 0);
    const left = this.lamps[0].x - this.step / 2, wide = this.step * this.lamps.length;
    const high = this.floor - this.lens;
    const veil = this.curtain.getContext("2d");
    this.curtain.width = 256;
    this.curtain.height = 128;
    veil.drawImage(this.strip, 0, 0, 256, 128);
    veil.globalCompositeOperation = "destination-in";
    const down = veil.createLinearGradient(0, 0, 0, 128), across = veil.createLinearGradient(0, 0, 256, 0);
    for (let i = 0; i <= 8; i++) down.addColorStop(i / 8, `rgba(0,0,0,${0.62 * (1 - i / 8) ** 2.2})`);
    for (const [at, weight] of [[0, 0], [0.06, 1], [0.94, 1], [1, 0]]) across.addColorStop(at, `rgba(0,0,0,${weight})`);
    for (const fade of [down, across]) {
      veil.fillStyle = fade;
      veil.fillRect(0, 0, 256, 128);
    }
    const context = this.context;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.globalAlpha = 1;
    context.drawImage(this.curtain, left - wide * 0.04, this.lens, wide * 1.08, high);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.strip, left, this.lens - this.size * 0.45, wide, this.size * 0.9);
    context.imageSmoothingEnabled = true;
  }

  /** Fewer pixels if frames (`passed` ms apart) come late for a second or so; never back up, which would only swing. */
  keepUp(passed) {
    this.slow = passed > 24 && passed < 250 ? this.slow + 1 : Math.max(0, this.slow - 1);
    if (this.slow > 40 && this.quality > 0.5) {
      this.quality *= 0.8;
      this.slow = 0;
      this.fit();
    }
  }

  drawScene() {
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.scene.width = Math.round(this.width * ratio);
    this.scene.height = Math.round(this.height * ratio);
    const context = this.scene.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawTruss(context, this);
    if (this.bar) drawBarCase(context, this);
    else for (const lamp of this.lamps) drawHousing(context, this, lamp.x);
    drawCrowd(context, this);
  }
}
