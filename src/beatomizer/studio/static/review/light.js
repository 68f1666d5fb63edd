/* A take's label, frame by frame, and how loud it is; fetched once and kept while it is likely to be seen again. */

import { packed } from "./desk.js";
import { CLIP_S, FPS } from "./words.js";

export const CUT = 2, MISSING = 4;
const MOST_TAKES = 40;
const FRAMES = CLIP_S * FPS;

const numberOf = (key) => Number(key.slice(key.lastIndexOf("-") + 1));

export class TakeLight {
  constructor(header, bytes) {
    this.rows = header.rows;
    this.numbers = header.clips.map(numberOf);
    this.place = new Map(this.numbers.map((number, at) => [number, at]));
    const colours = header.clips.length * FRAMES * this.rows * 3;
    this.rgb = bytes.subarray(0, colours);
    this.flags = bytes.subarray(colours);
  }

  /** Where frame `frame` of the take lies in the arrays; −1: not known. */
  at(frame) {
    const number = Math.floor(frame / FRAMES), place = this.place.get(number);
    return place === undefined ? -1 : place * FRAMES + (frame - number * FRAMES);
  }

  /** Mean colour of some frames of a row: [r, g, b], or null. */
  mean(first, last, row) {
    let red = 0, green = 0, blue = 0, count = 0;
    for (let frame = first; frame < last; frame++) {
      const at = this.at(frame);
      if (at < 0) continue;
      const from = (at * this.rows + row) * 3;
      red += this.rgb[from];
      green += this.rgb[from + 1];
      blue += this.rgb[from + 2];
      count++;
    }
    return count ? [red / count, green / count, blue / count] : null;
  }

  flag(first, last) {
    let found = 0;
    for (let frame = first; frame < last; frame++) {
      const at = this.at(frame);
      if (at >= 0) found |= this.flags[at];
    }
    return found;
  }
}

/** Loudness 0..1 (−60..0 dB) every 50 ms. */
class TakeLoudness {
  constructor(header, bytes) {
    this.columns = header.columns;
    this.place = new Map(header.clips.map((key, at) => [numberOf(key), at]));
    this.bytes = bytes;
  }

  at(seconds) {
    const number = Math.floor(seconds / CLIP_S), place = this.place.get(number);
    if (place === undefined) return 0;
    const column = Math.min(this.columns - 1, Math.floor(((seconds - number * CLIP_S) * this.columns) / CLIP_S));
    return this.bytes[place * this.columns + column] / 255;
  }
}

function kept(path, Kind) {
  const found = new Map();
  return (take) => {
    let one = found.get(take);
    if (one) found.delete(take);
    else one = packed(`/api/review/takes/${take}/${path}`).then(([header, bytes]) => new Kind(header, bytes));
    found.set(take, one);
    one.catch(() => found.delete(take));
    if (found.size > MOST_TAKES) found.delete(found.keys().next().value);
    return one;
  };
}

export const lightOf = kept("light", TakeLight);
export const loudnessOf = kept("loudness", TakeLoudness);

/** The small pictures of a clip: {pts, columns, rows, bytes}. */
export async function picturesOf(key) {
  const [header, bytes] = await packed(`/api/review/clips/${key}/pictures`);
  return { ...header, bytes };
}
