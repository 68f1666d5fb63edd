/* The beat grid of a cue list: where beats and bars lie, and edits that move them.

   A cue list (docs/formats.md) is never changed in place: each edit returns a new one that shares what stayed. */

export const NEAR_S = 0.05; // closer to a beat than this is on it
const USUAL_BEAT_S = 0.6; // of a song in which no beat was found
const MOST_BEATS = 100_000;

/** Seconds as the file format writes them. */
export const fine = (seconds) => Math.round(seconds * 1e4) / 1e4;
/** A share 0..1 as the file format writes it. */
export const share = (value) => Math.round(Math.min(1, Math.max(0, value)) * 1e3) / 1e3;
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** First index whose value is not below `value`. */
export function lowerBound(values, value, of = (x) => x) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(values[middle]) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The number of the value nearest to `value`, -1 if there is none. */
function nearest(values, value) {
  const at = lowerBound(values, value);
  if (at === values.length) return at - 1;
  return at > 0 && value - values[at - 1] <= values[at] - value ? at - 1 : at;
}

const cache = new WeakMap();

/** What is known of the beats: times, downbeats, metre, usual length of a beat and of a bar in seconds. */
export function gridOf(list) {
  const beats = list.beats || [];
  if (cache.has(beats)) return cache.get(beats);
  const times = beats.map((beat) => beat.time_s);
  const bars = beats.filter((beat) => beat.position === 1).map((beat) => beat.time_s);
  const most = beats.reduce((top, beat) => Math.max(top, beat.position ?? 1), 1);
  const gaps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  const meter = most > 1 ? most : 4;
  const beat_s = gaps.length ? gaps[gaps.length >> 1] || USUAL_BEAT_S : list.tempo_bpm > 0 ? 60 / list.tempo_bpm : USUAL_BEAT_S;
  const grid = { times, bars, meter, beat_s, bar_s: beat_s * meter };
  cache.set(beats, grid);
  return grid;
}

/** The nearest bar or beat to a time (`unit` "bar", "beat" or "free"); the time itself where there is none near. */
export function snapped(list, time_s, unit = "bar") {
  const time = clamp(time_s, 0, list.duration_s);
  if (unit === "free") return fine(time);
  const grid = gridOf(list), marks = unit === "bar" ? grid.bars : grid.times;
  const step = unit === "bar" ? grid.bar_s : grid.beat_s;
  let best = time, off = step; // further away than a step there is no grid
  const edges = unit === "bar" ? [0, list.duration_s] : [];
  const at = nearest(marks, time);
  for (const mark of at < 0 ? edges : [marks[at], ...edges]) {
    if (Math.abs(mark - time) < off) [best, off] = [mark, Math.abs(mark - time)];
  }
  return fine(best);
}

/** The bar (or beat) `by` steps from a time: for the keyboard. */
export function stepped(list, time_s, by, unit = "bar") {
  const grid = gridOf(list), marks = unit === "bar" ? grid.bars : grid.times;
  const step = unit === "bar" ? grid.bar_s : grid.beat_s;
  if (!marks.length) return clamp(time_s + by * step, 0, list.duration_s);
  let at = by > 0 ? lowerBound(marks, time_s + NEAR_S) - 1 + by : lowerBound(marks, time_s - NEAR_S) + by;
  const beyond = at < 0 ? at : Math.max(0, at - marks.length + 1);
  at = clamp(at, 0, marks.length - 1);
  return clamp(marks[at] + beyond * step, 0, list.duration_s);
}

/** "Bar 17, beat 3" of a time, counted from the first downbeat; null where there is no beat. */
export function barAndBeat(list, time_s) {
  const { times, bars } = gridOf(list);
  const beat = lowerBound(times, time_s + NEAR_S) - 1;
  if (beat < 0) return null;
  return { bar: lowerBound(bars, time_s + NEAR_S), beat: list.beats[beat].position ?? 1 };
}

/** The list with other beats; parts and cues that lay on the grid go where `move` takes them. */
function regridded(list, beats, move) {
  const { times } = gridOf(list), end = list.duration_s;
  const moved = (time) => {
    if (time < NEAR_S || time > end - NEAR_S) return time; // the song's own ends stay
    const at = nearest(times, time);
    return at >= 0 && Math.abs(times[at] - time) < NEAR_S ? fine(clamp(move(time, at), 0, end)) : time;
  };
  let last = 0;
  const sections = list.sections.map((section) => {
    const start_s = Math.max(last, moved(section.start_s));
    last = Math.max(start_s, moved(section.end_s));
    return { ...section, start_s, end_s: last };
  });
  const cues = list.cues.map((cue) => {
    const time_s = moved(cue.time_s);
    return time_s === cue.time_s ? cue : { ...cue, time_s };
  });
  const kept = beats.filter((beat) => beat.time_s >= 0 && beat.time_s <= end).map((beat) => ({ ...beat, time_s: fine(beat.time_s) }));
  return { ...list, beats: kept, sections, cues: cues.sort((a, b) => a.time_s - b.time_s) };
}

/** The whole grid earlier (below 0) or later, with all parts and cues on it. */
export function nudgeBeats(list, ms) {
  const by = ms / 1000;
  return regridded(list, list.beats.map((beat) => ({ ...beat, time_s: beat.time_s + by })), (time) => time + by);
}

/** Count `one` that many beats later: bars, parts and cues on them move by a beat. */
export function shiftDownbeat(list, by = 1) {
  const { times, meter, beat_s } = gridOf(list);
  const turned = (position) => ((((position - 1 - by) % meter) + meter) % meter) + 1;
  const beats = list.beats.map((beat) => ({ ...beat, position: turned(beat.position ?? 1) }));
  return regridded(list, beats, (time, at) => time + (at + by in times ? times[at + by] - times[at] : by * beat_s));
}

/** Every second beat, for a grid that was found twice as fast as people count. */
export function halveTempo(list) {
  const { meter } = gridOf(list), beats = list.beats;
  if (beats.length < 4) return list;
  const starts = list.sections.map((section) => section.start_s);
  const worth = (beat) => (beat.position === 1 ? 1 : 0) + (starts.some((start) => Math.abs(start - beat.time_s) < NEAR_S) ? 3 : 0);
  const votes = [0, 0];
  beats.forEach((beat, i) => (votes[i % 2] += worth(beat)));
  const kept = beats.filter((_, i) => i % 2 === (votes[1] > votes[0] ? 1 : 0));
  const phases = new Array(meter).fill(0);
  kept.forEach((beat, i) => (phases[i % meter] += worth(beat)));
  const first = phases.indexOf(Math.max(...phases));
  const position = (i) => ((i - first + meter * kept.length) % meter) + 1;
  const found = kept.map((beat, i) => ({ ...beat, position: position(i) }));
  return { ...list, beats: found, tempo_bpm: share3(list.tempo_bpm / 2) };
}

/** A beat between each two, for a grid that was found half as fast as people count. */
export function doubleTempo(list) {
  const { meter, beat_s } = gridOf(list), beats = list.beats;
  if (beats.length < 2 || 2 * beats.length > MOST_BEATS || beat_s < 0.2) return list;
  const found = beats.flatMap((beat, i) => {
    const next = beats[i + 1], until = next ? next.time_s : beat.time_s + beat_s;
    const place = 2 * ((beat.position ?? 1) - 1);
    const one = { ...beat, position: (place % meter) + 1 };
    const time_s = fine((beat.time_s + until) / 2);
    if (time_s > list.duration_s || until - beat.time_s > 2.5 * beat_s) return [one];
    return [one, { ...beat, time_s, position: ((place + 1) % meter) + 1, strength: share((beat.strength ?? 1) * 0.6) }];
  });
  return { ...list, beats: found, tempo_bpm: share3(Math.min(1000, list.tempo_bpm * 2)) };
}

/** An even grid of `bpm` with a downbeat at `one_s`, for songs in which no beat, or a wrong one, was found. */
export function evenGrid(list, bpm, one_s) {
  const tempo = clamp(bpm, 20, 300), step = 60 / tempo, meter = gridOf(list).meter;
  const before = Math.floor(one_s / step), beats = [];
  for (let n = -before, time = one_s - before * step; time <= list.duration_s; n++, time = one_s + n * step) {
    beats.push({ time_s: fine(Math.max(0, time)), position: (((n % meter) + meter) % meter) + 1, confidence: 1, strength: n % meter ? 0.6 : 1 });
  }
  return { ...list, beats, tempo_bpm: share3(tempo) };
}

/** Tempo and a beat's time from taps (seconds of the song), by the straight line nearest to them; null below 4 taps. */
export function tapped(taps) {
  const n = taps.length;
  if (n < 4) return null;
  const middle = (n - 1) / 2, mean = taps.reduce((sum, tap) => sum + tap, 0) / n;
  let along = 0, across = 0;
  taps.forEach((tap, i) => ((along += (i - middle) ** 2), (across += (i - middle) * (tap - mean))));
  const step = across / along;
  return step > 0.15 && step < 3 ? { bpm: 60 / step, beat_s: mean - middle * step } : null;
}

const share3 = (value) => Math.round(value * 1e3) / 1e3;
