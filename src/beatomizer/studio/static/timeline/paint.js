/* The still picture of the timeline: everything but what moves with time, drawn when view or show change. */

import { accentsOf, baseOf, gridOf, lowerBound, pictures } from "../edits.js";
import { clockText } from "../actions.js";

const FPS = 60, WAVE_RATE = 100, COARSE = 16;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const COLORS = {
  text: "#eef0f6", quiet: "#9aa1b3", faint: "#232732", line: "#3a4050", wave: "#5f6b85", loud: "#8e9ab4", block: "#12151d", accent: "#8ab4ff",
};
const NICE = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const NICE_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];

/** Rows from top to bottom: {name: [y, height]} in a height; low timelines do without some, fingers need higher ones.
    `scale` is that of the page's text. */
export function rowsOf(height, zoomed, fingers, scale) {
  const small = height < 150, more = fingers && height > 165 ? 6 : 0, k = (tall) => Math.round(tall * scale);
  const fixed = { ruler: k(20), sections: k((small ? 24 : 28) + more), cues: k((small ? 24 : 30) + more), level: height < 170 ? 0 : k(22), overview: zoomed ? k(14) : 0 };
  const gap = 3, used = Object.values(fixed).reduce((sum, each) => sum + (each ? each + gap : 0), 0);
  const rest = Math.max(24, height - used - gap), wave = Math.round(rest * 0.52), rows = {};
  let y = 0;
  for (const [name, tall] of Object.entries({ ruler: fixed.ruler, sections: fixed.sections, cues: fixed.cues, wave, ribbon: rest - wave, level: fixed.level, overview: fixed.overview })) {
    rows[name] = [y, tall];
    if (tall) y += tall + gap;
  }
  return rows;
}

/** The greatest of each COARSE pairs of the wave, so that a long song is quick to draw. */
export function coarseWave(wave) {
  const pairs = wave.length >> 1, coarse = new Uint8Array(2 * Math.ceil(pairs / COARSE));
  for (let i = 0; i < pairs; i++) {
    const at = 2 * Math.floor(i / COARSE);
    coarse[at] = Math.max(coarse[at], wave[2 * i]);
    coarse[at + 1] = Math.max(coarse[at + 1], wave[2 * i + 1]);
  }
  return coarse;
}

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.small = document.createElement("canvas");
  }

  /** Draw all. `scene`: {list, light, wave, coarse, view, rows, height, selection, ratio}. */
  paint(scene) {
    const { view, height, ratio } = scene, c = this.context;
    const width = Math.round(view.width * ratio), tall = Math.round(height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== tall) [this.canvas.width, this.canvas.height] = [width, tall];
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, view.width, height);
    c.font = `${11 * scene.scale}px ${FONT}`;
    c.textBaseline = "middle";
    for (const name of ["wave", "ribbon", "level"]) this.bed(scene.rows[name], view.width);
    if (scene.wave) this.wave(scene);
    if (scene.light) this.light(scene);
    if (!scene.list) return;
    this.ruler(scene);
    this.cues(scene);
    this.boundaries(scene);
    if (scene.rows.overview[1]) this.overview(scene);
  }

  bed([y, tall], width) {
    if (!tall) return;
    this.context.fillStyle = COLORS.block;
    this.context.beginPath();
    this.context.roundRect(0, y, width, tall, 4);
    this.context.fill();
  }

  // --- bars and beats ---

  ruler({ list, view, rows }) {
    const c = this.context, [y, tall] = rows.ruler, grid = gridOf(list), perS = view.width / view.span;
    if (grid.bars.length < 2) return this.seconds({ view, rows });
    const [top, bottom] = [y + tall, rows.wave[0] + rows.wave[1]];
    const barPx = grid.bar_s * perS, beatPx = grid.beat_s * perS;
    if (beatPx >= 7) {
      const from = lowerBound(grid.times, view.from), to = lowerBound(grid.times, view.to);
      for (let i = from; i < to; i++) {
        const beat = list.beats[i], x = Math.round(view.x(beat.time_s)) + 0.5;
        if (beat.position === 1) continue;
        c.globalAlpha = 0.3 + 0.7 * (beat.confidence ?? 1);
        this.line(x, top - 4, top, COLORS.line);
        c.globalAlpha = 1;
      }
    }
    const every = NICE.find((n) => n * barPx >= 44) ?? 2048, tick = NICE.find((n) => n * barPx >= 5) ?? 2048;
    const from = Math.max(0, lowerBound(grid.bars, view.from) - 1), to = lowerBound(grid.bars, view.to);
    for (let i = from; i < to; i++) {
      if (i % tick) continue;
      const x = Math.round(view.x(grid.bars[i])) + 0.5, named = i % every === 0;
      this.line(x, named ? top - 9 : top - 6, top, named ? COLORS.quiet : COLORS.line);
      if (named && barPx * every >= 44) {
        c.fillStyle = COLORS.quiet;
        c.fillText(String(i + 1), x + 4, y + tall / 2 - 2);
      }
      if (barPx >= 24 || named) {
        c.globalAlpha = 0.6;
        this.line(x, rows.wave[0], bottom, COLORS.faint);
        c.globalAlpha = 1;
      }
    }
  }

  /** Without bars: minutes and seconds. */
  seconds({ view, rows }) {
    const c = this.context, [y, tall] = rows.ruler, step = NICE_S.find((s) => (s * view.width) / view.span >= 56) ?? 7200;
    for (let at = Math.ceil(view.from / step) * step; at < view.to; at += step) {
      const x = Math.round(view.x(at)) + 0.5;
      this.line(x, y + tall - 8, y + tall, COLORS.quiet);
      c.fillStyle = COLORS.quiet;
      c.fillText(clockText(at), x + 4, y + tall / 2 - 2);
    }
  }

  line(x, from, to, color) {
    const c = this.context;
    c.strokeStyle = color;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(x, from);
    c.lineTo(x, to);
    c.stroke();
  }

  // --- cues ---

  cues({ list, view, rows, selection }) {
    const all = pictures(list), [y, tall] = rows.cues;
    const chosen = selection?.kind === "cue" ? list.cues[selection.index] : null;
    let at = Math.max(0, lowerBound(all, view.from, (picture) => picture.time_s) - 1), marked = null, before = -9;
    for (; at < all.length && all[at].time_s < view.to; at++) {
      const picture = all[at], from = Math.max(-4, view.x(picture.time_s)), to = Math.min(view.width + 4, view.x(picture.end_s));
      if (picture.cues.includes(chosen)) marked = [from, to];
      if (to - before < 1.5) continue; // thousands of them: one a pixel is enough
      before = to;
      this.block(list, picture, from, Math.max(1, to - from - 1), y, tall);
    }
    if (!marked) return;
    const c = this.context;
    c.strokeStyle = COLORS.accent;
    c.lineWidth = 2;
    c.beginPath();
    c.roundRect(marked[0] + 1, y + 1, Math.max(3, marked[1] - marked[0] - 3), tall - 2, 3);
    c.stroke();
  }

  block(list, picture, x, width, y, tall) {
    const c = this.context, base = baseOf(list, picture) ?? picture.cues[0], accents = accentsOf(list, picture).filter((cue) => cue !== base);
    const dark = base.look === "blackout", round = Math.min(3, width / 2);
    c.save();
    c.beginPath();
    c.roundRect(x, y, width, tall, round);
    c.fillStyle = dark ? "#08090c" : COLORS.block;
    c.fill();
    c.clip();
    if (!dark) this.stripes(base, x, y, width, tall);
    if (width > 9 && accents.length) this.stripes(accents[0], x, y, width, 4, true);
    if (width > 34) {
      const words = [base.look, ...accents.map((cue) => cue.look)].join(" + ");
      c.fillStyle = dark ? COLORS.quiet : COLORS.text;
      c.fillText(width > c.measureText(words).width + 12 ? words : base.look, x + 6, y + tall / 2 - (tall > 28 ? 1 : 0));
    }
    c.restore();
    if (dark && width > 3) {
      c.strokeStyle = COLORS.line;
      c.lineWidth = 1;
      c.strokeRect(x + 0.5, y + 0.5, width - 1, tall - 1);
    }
  }

  /** A cue's leading colour as high as its intensity, and a line of all its colours; of an accent only the line, on top. */
  stripes(cue, x, y, width, tall, top = false) {
    const c = this.context, each = width / cue.colors.length, strong = 0.25 + 0.75 * (cue.intensity ?? 1);
    if (!top) {
      c.globalAlpha = 0.22;
      c.fillStyle = cue.colors[0];
      c.fillRect(x, y + tall * (1 - strong), width, tall * strong);
      c.globalAlpha = 0.35 + 0.65 * (cue.intensity ?? 1);
    }
    cue.colors.forEach((color, i) => {
      c.fillStyle = color;
      c.fillRect(x + i * each, top ? y : y + tall - 4, each, top ? 3 : 4);
    });
    c.globalAlpha = 1;
  }

  // --- sound and light ---

  wave({ wave, coarse, loudest, view, rows: { wave: [y, tall] } }) {
    const c = this.context, perPixel = (view.span * WAVE_RATE) / view.width, rough = perPixel > 3 * COARSE;
    const values = rough ? coarse : wave, rate = rough ? WAVE_RATE / COARSE : WAVE_RATE, pairs = values.length >> 1;
    const middle = y + tall / 2, half = tall / 2 - 2;
    for (const [offset, color] of [[0, COLORS.wave], [1, COLORS.loud]]) {
      c.fillStyle = color;
      c.beginPath();
      for (let x = 0; x < view.width; x++) {
        const from = Math.floor((view.from + (x / view.width) * view.span) * rate);
        const to = Math.max(from + 1, Math.floor((view.from + ((x + 1) / view.width) * view.span) * rate));
        let top = 0;
        for (let i = from; i < to && i < pairs; i++) top = Math.max(top, values[2 * i + offset]);
        const high = Math.max(0.5, Math.min(1, top / loudest) * half);
        c.rect(x, middle - high, 1, 2 * high);
      }
      c.fill();
    }
  }

  /** The ribbon of every zone's colour, and under it how much light that is. */
  light({ light, view, rows, old }) {
    const zones = light.values / 3, shown = Math.min(zones, 32), columns = Math.max(1, Math.ceil(view.width)), c = this.context;
    this.small.width = columns;
    this.small.height = shown;
    const small = this.small.getContext("2d"), picture = small.createImageData(columns, shown), data = picture.data;
    const level = new Float32Array(columns), weight = [0.2126, 0.7152, 0.0722];
    for (let row = 0; row < shown; row++) {
      const zone = Math.floor((row * zones) / shown);
      for (let k = 0; k < 3; k++) {
        const plane = (zone * 3 + k) * light.frames;
        for (let x = 0; x < columns; x++) {
          const from = Math.floor((view.from + (x / columns) * view.span) * FPS), to = Math.max(from + 1, Math.floor((view.from + ((x + 1) / columns) * view.span) * FPS));
          const skip = Math.max(1, Math.ceil((to - from) / 6));
          let sum = 0, count = 0;
          for (let i = from; i < to && i < light.frames; i += skip) (sum += light.planes[plane + i] ** 2), count++;
          const mean = count ? sum / count : 0; // squares: averaged as light, nearly
          data[(row * columns + x) * 4 + k] = Math.sqrt(mean);
          level[x] += (weight[k] * mean) / 65025 / shown;
        }
      }
      for (let x = 0; x < columns; x++) data[(row * columns + x) * 4 + 3] = 255;
    }
    small.putImageData(picture, 0, 0);
    const [y, tall] = rows.ribbon;
    c.save();
    c.beginPath();
    c.roundRect(0, y, view.width, tall, 4);
    c.clip();
    c.imageSmoothingEnabled = false;
    c.drawImage(this.small, 0, y, view.width, tall);
    c.restore();
    if (rows.level[1]) this.level(level, rows.level);
    if (!old) return;
    c.fillStyle = "#0b0c11a8"; // old light, until the new one is drawn
    c.fillRect(view.x(old[0]), y, view.x(old[1]) - view.x(old[0]), rows.level[0] + rows.level[1] - y);
  }

  level(level, [y, tall]) {
    const c = this.context, bottom = y + tall;
    // CIE lightness, what the eye makes of it; stages seldom go beyond 80.
    const high = (value) => bottom - Math.max(0.5, (Math.min(1, (116 * Math.cbrt(Math.max(value, 0.0089)) - 16) / 80) * (tall - 2)));
    c.beginPath();
    c.moveTo(0, bottom);
    level.forEach((value, x) => c.lineTo(x + 0.5, high(value)));
    c.lineTo(level.length, bottom);
    c.fillStyle = "#8ab4ff40";
    c.fill();
    c.beginPath();
    level.forEach((value, x) => c.lineTo(x + 0.5, high(value)));
    c.strokeStyle = "#8ab4ffb0";
    c.lineWidth = 1;
    c.stroke();
  }

  boundaries({ list, view, rows }) {
    const end = rows.level[1] ? rows.level[0] + rows.level[1] : rows.ribbon[0] + rows.ribbon[1];
    let before = 0;
    for (const { start_s } of list.sections) {
      const x = Math.round(view.x(start_s)) + 0.5;
      if (x < before + 5 || x > view.width) continue;
      this.line(x, rows.wave[0], end, "#eef0f650");
      before = x;
    }
  }

  overview({ list, view, rows: { overview: [y, tall] } }) {
    const c = this.context, scale = view.width / view.duration;
    this.bed([y, tall], view.width);
    list.sections.forEach((section, i) => {
      c.fillStyle = i % 2 ? "#3a4253" : "#4d5870";
      c.fillRect(section.start_s * scale, y + 4, Math.max(1, (section.end_s - section.start_s) * scale - 1), tall - 8);
    });
    c.fillStyle = "#8ab4ff30";
    c.strokeStyle = COLORS.accent;
    c.lineWidth = 1.5;
    c.beginPath();
    c.roundRect(view.from * scale + 1, y + 1, Math.max(6, view.span * scale - 2), tall - 2, 4);
    c.fill();
    c.stroke();
  }
}
