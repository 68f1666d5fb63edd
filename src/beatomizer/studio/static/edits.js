/* Edits of a cue list: pure functions, list in, new list out (docs/formats.md says what a list is).

   What people see as one picture on the stage is one or more cues at one time: a base, which covers the stage, and
   accents on some of its zones. Pictures that last less than a bar and a half are moments (a hit, the breath before
   a drop): they keep their place when the look of a part changes. */

import { NEAR_S, clamp, fine, gridOf, lowerBound, share, snapped } from "./grid.js";

export * from "./grid.js";

const SAME_S = 0.008; // half a frame: cues so near each other begin in the same frame
const SHORT_BARS = 1.5;

/* Usual cycle and floor of each look as the director sets them (cues/repertoire.py), and the light it gives at full
   intensity beside steady light, a + b * floor² (cues/brightness.py; a test compares them). */
export const LOOKS = {
  hold: { beats: 4, floor: 0, light: [1, 0] },
  pulse: { beats: 1, floor: 0.25, light: [0.09, 0.75] },
  alternate: { beats: 1, floor: 0.15, light: [0.42, 0.7] },
  bounce: { beats: 1, floor: 0.15, light: [0.42, 0.7] },
  ripple: { beats: 1, floor: 0.2, light: [0.42, 0.7] },
  step: { beats: 1, floor: 0.25, light: [0.18, 1] },
  chase: { beats: 4, floor: 0.3, light: [0.16, 1.1] },
  swell: { beats: 8, floor: 0.3, light: [0.38, 0.85] },
  sparkle: { beats: 4, floor: 0.3, light: [0.04, 1.1] },
  strobe: { beats: 0.5, floor: 0, light: [0.44, 0.3] },
  blackout: { beats: 1, floor: 0, light: [0, 0] },
};
export const GROUPS = ["all", "left", "right", "center", "edges", "odd", "even"];
export const KINDS = ["steady", "intro", "build", "drop", "break", "outro", "silence"];

const halfEven = (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** Zone numbers of a group on a stage of `zones` lights, as show/zones.py has them. */
export function zonesOf(group, zones) {
  const stage = Array.from({ length: zones }, (_, i) => i);
  if (Array.isArray(group)) return stage.filter((zone) => group.includes(zone));
  if (zones === 1 || group === "all" || !GROUPS.includes(group)) return stage;
  const margin = Math.max(1, halfEven(zones / 4));
  const central = (zone) => (zones > 2 ? zone >= margin && zone < zones - margin : zone === 0);
  const member = {
    left: (zone) => 2 * zone < zones,
    right: (zone) => 2 * zone >= zones,
    center: central,
    edges: (zone) => !central(zone),
    odd: (zone) => zone % 2 === 1,
    even: (zone) => zone % 2 === 0,
  };
  return stage.filter(member[group]);
}

// --- reading ---

const lit = (cue) => cue.look !== "blackout" && cue.intensity !== 0;
const cache = new WeakMap();

/** The pictures in order: {time_s, end_s, from, cues}; `from` is the number of its first cue. */
export function pictures(list) {
  if (cache.has(list.cues)) return cache.get(list.cues);
  const found = [];
  list.cues.forEach((cue, number) => {
    const last = found.at(-1);
    if (last && cue.time_s - last.time_s < SAME_S) last.cues.push(cue);
    else found.push({ time_s: cue.time_s, end_s: 0, from: number, cues: [cue] });
  });
  found.forEach((picture, i) => (picture.end_s = found[i + 1]?.time_s ?? Math.max(list.duration_s, picture.time_s)));
  cache.set(list.cues, found);
  return found;
}

/** Number of the picture on stage at a time, -1 before the first. */
export const pictureAt = (list, time_s) => lowerBound(pictures(list), time_s + SAME_S, (picture) => picture.time_s) - 1;

/** Number of the section at a time; the nearest one outside all. -1 if there are none. */
export function sectionAt(list, time_s) {
  const at = lowerBound(list.sections, time_s + 1e-6, (section) => section.start_s) - 1;
  return list.sections.length ? Math.max(0, at) : -1;
}

const inside = (section, time_s) => time_s >= section.start_s - SAME_S && time_s < section.end_s - SAME_S;

/** The pictures of a section, each with `short` (a moment) and its length in the section. */
export function sectionPictures(list, index) {
  const section = list.sections[index], least = SHORT_BARS * gridOf(list).bar_s;
  return pictures(list).filter((picture) => inside(section, picture.time_s)).map((picture) => {
    const length_s = Math.min(picture.end_s, section.end_s) - picture.time_s;
    return { ...picture, length_s, short: length_s < least };
  });
}

/** The section's phrases: its pictures without moments, or all where there are only moments. */
function phrases(list, index) {
  const found = sectionPictures(list, index), long = found.filter((picture) => !picture.short);
  return long.length ? long : found;
}

const covers = (list, cue) => zonesOf(cue.zones, list.zones ?? 8).length >= (list.zones ?? 8);

/** What covers the stage in a picture, or what is lit on a stage that was darkened first; null if only accents are. */
export function baseOf(list, picture) {
  const whole = picture.cues.filter((cue) => covers(list, cue)).at(-1);
  if (!whole) return null;
  return lit(whole) ? whole : picture.cues.slice(picture.cues.indexOf(whole) + 1).find(lit) ?? whole;
}

/** The accents over a picture's base. */
export function accentsOf(list, picture) {
  const base = baseOf(list, picture);
  return base ? picture.cues.slice(picture.cues.indexOf(base) + 1) : picture.cues;
}

/** The cues that light the stage at a time, as the list orders them: the last one of each zone. */
export function playing(list, time_s) {
  const open = new Set(zonesOf("all", list.zones ?? 8)), found = [];
  let at = lowerBound(list.cues, time_s + SAME_S, (cue) => cue.time_s) - 1;
  for (; at >= 0 && open.size; at--) {
    let seen = false;
    for (const zone of zonesOf(list.cues[at].zones, list.zones ?? 8)) seen = open.delete(zone) || seen;
    if (seen) found.unshift(list.cues[at]);
  }
  return found;
}

/** What the inspector shows of a section: {look, colors, accent, beats, zones, level, fade_s}. */
export function sectionView(list, index) {
  const section = list.sections[index], found = phrases(list, index);
  const shown = found.length ? found : [{ cues: playing(list, section.start_s), length_s: 1, time_s: section.start_s }];
  const weight = new Map();
  for (const picture of shown) {
    const look = baseOf(list, picture)?.look;
    if (look) weight.set(look, (weight.get(look) ?? 0) + picture.length_s);
  }
  const look = [...weight].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  const base = shown.map((picture) => baseOf(list, picture)).find((cue) => cue?.look === look) ?? null;
  return {
    look, colors: sectionColors(list, index), accent: shown.map((picture) => accentsOf(list, picture)[0]).find(Boolean) ?? null,
    beats: base?.beats ?? 1, zones: base?.zones ?? "all", level: sectionIntensity(list, index), fade_s: shown[0].cues[0]?.fade_s ?? 0,
  };
}

/** What is lit in a section, [cue, seconds] each; what goes on from before where nothing begins in it. */
function litParts(list, index) {
  const found = sectionPictures(list, index).flatMap((picture) => picture.cues.filter(lit).map((cue) => [cue, picture.length_s]));
  return found.length ? found : playing(list, list.sections[index].start_s).filter(lit).map((cue) => [cue, 1]);
}

/** The section's colours in the order in which they appear. */
export const sectionColors = (list, index) => [...new Set(litParts(list, index).flatMap(([cue]) => cue.colors))];

const meanOf = (parts, gain) => {
  const total = parts.reduce((sum, [, length]) => sum + length, 0);
  return total ? parts.reduce((sum, [cue, length]) => sum + Math.min(1, (cue.intensity ?? 1) * gain) * length, 0) / total : 0;
};

/** How strong a section is, 0..1: the mean intensity of what is lit in it, by length. */
export const sectionIntensity = (list, index) => meanOf(litParts(list, index), 1);

// --- building blocks ---

/** A cue within what the format allows. */
function valid(list, cue) {
  const look = LOOKS[cue.look] ? cue.look : "hold";
  const colors = cue.colors?.length ? cue.colors.slice(0, 64) : list.palette?.length ? [list.palette[0]] : ["#ffffff"];
  const numbers = Array.isArray(cue.zones) ? [...new Set(cue.zones)].sort((a, b) => a - b) : cue.zones;
  return {
    ...cue, look, colors,
    time_s: fine(clamp(cue.time_s, 0, list.duration_s)),
    intensity: share(cue.intensity ?? 1), floor: share(cue.floor ?? 0),
    fade_s: Math.round(clamp(cue.fade_s ?? 0, 0, 600) * 1e3) / 1e3,
    beats: Math.round(clamp(cue.beats ?? 1, 0.001, 4096) * 1e3) / 1e3,
    zones: Array.isArray(numbers) ? (numbers.length ? numbers : "all") : GROUPS.includes(numbers) ? numbers : "all",
  };
}

const ordered = (list, cues) => ({ ...list, cues: [...cues].sort((a, b) => a.time_s - b.time_s) });

/** Copies of what goes on at a time: it begins there of its own, and what was before may change. */
function ownStart(list, time_s) {
  if (time_s > list.duration_s - NEAR_S) return list;
  const older = playing(list, time_s).filter((cue) => time_s - cue.time_s >= SAME_S);
  if (!older.length) return list;
  const at = lowerBound(list.cues, time_s - SAME_S, (cue) => cue.time_s);
  const from = Math.min(time_s, list.cues[at]?.time_s ?? time_s); // those that begin there lie over them
  const copies = older.map((cue) => ({ ...cue, time_s: fine(from), fade_s: 0 }));
  return { ...list, cues: [...list.cues.slice(0, at), ...copies, ...list.cues.slice(at)] };
}

/** A section that gets no light from the one before and leaves none to the next. */
function isolated(list, index) {
  const { start_s, end_s } = list.sections[index];
  return ownStart(ownStart(list, start_s), end_s);
}

/** The list with each picture of a section changed: `change(picture)` returns its new cues. */
function repainted(list, index, change, wanted = phrases) {
  const own = isolated(list, index), chosen = new Map(wanted(own, index).map((picture) => [picture.from, picture]));
  const cues = pictures(own).flatMap((picture) => {
    const found = chosen.get(picture.from);
    return found ? change(found, own).map((cue) => valid(own, cue)) : picture.cues;
  });
  return ordered(own, cues);
}

const perCue = (change) => (picture) => picture.cues.map(change);

/** A cue in another look: as much light as before, at that look's usual pace. */
function relooked(cue, look) {
  if (cue.look === look) return cue;
  const usual = LOOKS[look], [a, b] = LOOKS[cue.look].light, [c, d] = usual.light;
  const steady = !lit(cue);
  const light = (a + b * (cue.floor ?? 0) ** 2) * (cue.intensity ?? 1) ** 2;
  const even = (one, other) => LOOKS[one].beats === 1 && LOOKS[other].beats === 1;
  return {
    ...cue, look, floor: usual.floor,
    beats: even(cue.look, look) && !steady ? cue.beats : usual.beats,
    intensity: look === "blackout" ? 0 : steady ? 0.8 : clamp(Math.sqrt(light / (c + d * usual.floor ** 2)), 0.3, 1),
  };
}

// --- sections ---

/** One look for the whole section. Phrases keep times, colours and light; moments stay; accents that changed from
    phrase to phrase go, one that was the same throughout stays. */
export function setSectionLook(list, index, look) {
  const section = list.sections[index];
  if (look === "blackout") {
    const own = isolated(list, index);
    const dark = valid(own, { time_s: section.start_s, look, colors: sectionColors(own, index), intensity: 0, zones: "all", fade_s: 0 });
    return ordered(own, [...own.cues.filter((cue) => !inside(section, cue.time_s)), dark]);
  }
  const own = withSomething(isolated(list, index), index, look);
  const kinds = new Set(phrases(own, index).map((picture) => {
    const [first] = accentsOf(own, picture);
    return first ? `${first.look} ${first.zones}` : "";
  }));
  return repainted(own, index, (picture) => {
    const base = baseOf(own, picture);
    if (!base) return [];
    const above = kinds.size === 1 && !kinds.has(look) ? accentsOf(own, picture) : [];
    const under = picture.cues.slice(0, picture.cues.indexOf(base)).filter((cue) => cue.look === "blackout");
    const colors = lit(base) || !own.palette?.length ? base.colors : own.palette.slice(0, 2);
    return [...under, relooked({ ...base, colors }, look), ...above];
  });
}

/** The section with at least one picture in it. */
function withSomething(list, index, look) {
  if (phrases(list, index).some((picture) => baseOf(list, picture))) return list;
  const colors = (list.palette ?? []).slice(0, 2);
  const { beats, floor } = LOOKS[look];
  const start_s = list.sections[index].start_s;
  return ordered(list, [valid(list, { time_s: start_s, look, colors, beats, floor, intensity: 0.8 }), ...list.cues]);
}

/** The section's colours, in the order of `sectionColors`, exchanged for others; further ones are added to its bases. */
export function setSectionColors(list, index, colors) {
  const known = sectionColors(isolated(list, index), index), more = colors.slice(known.length);
  if (!colors.length) return list;
  const exchange = new Map(known.map((color, place) => [color, colors[place % colors.length]]));
  return repainted(list, index, (picture, own) => {
    const base = baseOf(own, picture);
    return picture.cues.map((cue) => {
      const worn = cue.colors.map((color) => exchange.get(color) ?? color);
      return { ...cue, colors: [...new Set(cue === base && lit(cue) ? [...worn, ...more] : worn)] };
    });
  }, sectionPictures);
}

/** One colour of a section taken out of all its cues; where it was the only one, `instead` takes its place. */
export function dropSectionColor(list, index, color, instead) {
  return repainted(list, index, perCue((cue) => {
    const colors = cue.colors.filter((other) => other !== color);
    return { ...cue, colors: colors.length ? colors : [instead ?? color] };
  }), sectionPictures);
}

/** The section at a mean of `level`: dimmer keeps its shape, brighter too until a cue is full; then the others follow. */
export function setSectionIntensity(list, index, level) {
  const parts = litParts(isolated(list, index), index), wanted = clamp(level, 0.01, 1);
  if (!parts.length) return list;
  let low = 0, high = 1000;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (meanOf(parts, middle) < wanted) low = middle;
    else high = middle;
  }
  const gain = Math.abs(meanOf(parts, 1) - wanted) < 5e-4 ? 1 : high;
  return repainted(list, index, perCue((cue) => (lit(cue) ? { ...cue, intensity: Math.max(0.001, share((cue.intensity ?? 1) * gain)) } : cue)), sectionPictures);
}

/** How softly a section comes in: the fade of its first picture. */
export function setSectionFade(list, index, fade_s) {
  return repainted(list, index, perCue((cue) => ({ ...cue, fade_s })), (own) => sectionPictures(own, index).slice(0, 1));
}

/** Beats in a cycle of the section's base; accents keep their pace beside it. */
export function setSectionBeats(list, index, beats) {
  const before = sectionView(list, index).beats || 1;
  return repainted(list, index, (picture, own) => {
    const base = baseOf(own, picture);
    return picture.cues.map((cue) => (cue === base ? { ...cue, beats } : lit(cue) ? { ...cue, beats: (cue.beats * beats) / before } : cue));
  });
}

/** The part of the stage that the section plays on; the rest is dark. */
export function setSectionZones(list, index, zones) {
  return repainted(list, index, (picture, own) => {
    const base = baseOf(own, picture);
    if (!base) return picture.cues;
    const all = covers(own, { zones });
    const dark = { ...base, look: "blackout", intensity: 0, zones: "all", floor: 0 };
    return [...(all ? [] : [dark]), { ...base, zones }, ...accentsOf(own, picture)];
  });
}

/** One accent over the section's base, {look, zones, colors?}, instead of those it had; null takes them away. */
export function setSectionAccent(list, index, accent) {
  return repainted(list, index, (picture, own) => {
    const base = baseOf(own, picture);
    if (!base) return picture.cues;
    const under = picture.cues.slice(0, picture.cues.indexOf(base) + 1);
    if (!accent || accent.look === "blackout") return under;
    const before = accentsOf(own, picture).find((cue) => cue.look === accent.look) ?? {};
    const rest = (own.palette ?? []).filter((color) => !base.colors.includes(color));
    const colors = accent.colors ?? before.colors ?? [...rest.slice(-1), base.colors[0]];
    const usual = LOOKS[accent.look];
    const fresh = { ...base, intensity: Math.max(base.intensity, 0.6), beats: usual.beats, floor: usual.floor / 2, ...before };
    return [...under, { ...fresh, look: accent.look, zones: accent.zones ?? before.zones ?? "center", colors, time_s: base.time_s, fade_s: base.fade_s }];
  });
}

/** Name, kind or energy of a section. */
export function changeSection(list, index, patch) {
  const sections = list.sections.map((section, i) => (i === index ? { ...section, ...patch } : section));
  const { name, kind, energy } = sections[index];
  sections[index].name = String(name ?? "").slice(0, 100);
  sections[index].kind = KINDS.includes(kind) ? kind : "steady";
  sections[index].energy = share(energy ?? 0.5);
  if (!sections[index].name) delete sections[index].name;
  return { ...list, sections };
}
export const renameSection = (list, index, name) => changeSection(list, index, { name: name.trim() });

/** Times between which the beginning of section `index` may lie; the sections beside it keep a bar. */
export function boundaryRange(list, index) {
  const one = list.sections[index - 1], other = list.sections[index], bar_s = gridOf(list).bar_s;
  const least = Math.min(bar_s, (other.end_s - one.start_s) / 4);
  return [one.start_s + least, other.end_s - least];
}

/** The beginning of section `index` at another time. Its first picture, moments after that and the breath before it go
    along; cues that the boundary passes over are gone. */
export function moveBoundary(list, index, time_s, unit = "bar") {
  if (index < 1 || index >= list.sections.length) return list;
  const [low, high] = boundaryRange(list, index), old = list.sections[index].start_s;
  let time = snapped(list, clamp(time_s, low, high), unit);
  if (time < low - NEAR_S || time > high + NEAR_S) time = fine(clamp(time_s, low, high));
  const by = time - old;
  if (Math.abs(by) < 5e-5) return list;
  const own = ownStart(ownStart(list, old), list.sections[index].end_s);
  const before = sectionPictures(own, index - 1), after = sectionPictures(own, index);
  const along = new Set(), others = [];
  let breath = before.length - 1;
  while (breath > 0 && before[breath].short && old - before[breath].time_s < 4.5 * gridOf(list).bar_s) along.add(before[breath--].from);
  let hit = 0;
  while (hit < after.length && (hit === 0 || after[hit - 1].short) && after[hit].time_s - old < 2.5 * gridOf(list).bar_s) along.add(after[hit++].from);
  const start = list.sections[index - 1].start_s, end = list.sections[index].end_s;
  const first = breath < before.length - 1 ? before[breath + 1].time_s + by : time;
  const last = hit > 0 ? after[hit - 1].time_s + by : time;
  for (const picture of pictures(own)) {
    const within = picture.time_s >= start - SAME_S && picture.time_s < end - SAME_S;
    if (!within) others.push(...picture.cues);
    else if (along.has(picture.from)) {
      const at = picture.time_s + by, room = at > start + SAME_S && at < end - SAME_S;
      if (room) others.push(...picture.cues.map((cue) => ({ ...cue, time_s: fine(at) })));
    } else if (picture.time_s < old - SAME_S ? picture.time_s < first - SAME_S || picture.time_s < start + SAME_S : picture.time_s > last + SAME_S) {
      others.push(...picture.cues);
    }
  }
  const sections = list.sections.map((section, i) => {
    if (i === index) return { ...section, start_s: time };
    return i === index - 1 && Math.abs(section.end_s - old) < NEAR_S ? { ...section, end_s: time } : section;
  });
  return ordered({ ...own, sections }, others);
}

/** Two sections out of one, at the bar nearest to a time. The show stays as it is until one of them is edited. */
export function splitSection(list, index, time_s, unit = "bar") {
  const section = list.sections[index];
  let time = snapped(list, time_s, unit);
  const least = gridOf(list).beat_s / 2;
  if (time < section.start_s + least || time > section.end_s - least) time = snapped(list, time_s, "beat");
  if (time < section.start_s + least || time > section.end_s - least) return list;
  const parts = [{ ...section, end_s: time }, { ...section, start_s: time }];
  return { ...list, sections: [...list.sections.slice(0, index), ...parts, ...list.sections.slice(index + 1)] };
}

/** A section and the next one as one, with the first one's name. The cues stay. */
export function mergeSections(list, index) {
  const one = list.sections[index], other = list.sections[index + 1];
  if (!one || !other) return list;
  const lengths = [one.end_s - one.start_s, other.end_s - other.start_s], total = Math.max(1e-6, lengths[0] + lengths[1]);
  const energy = share(((one.energy ?? 0.5) * lengths[0] + (other.energy ?? 0.5) * lengths[1]) / total);
  const joined = { ...one, end_s: Math.max(one.end_s, other.end_s), energy };
  return { ...list, sections: [...list.sections.slice(0, index), joined, ...list.sections.slice(index + 2)] };
}

/** A section gone: the one before goes on in its place, or, at the beginning, the next one begins earlier. */
export function deleteSection(list, index) {
  if (list.sections.length < 2) return list;
  const gone = list.sections[index], own = isolated(list, index);
  const left = ordered(own, own.cues.filter((cue) => !inside(gone, cue.time_s)));
  const sections = left.sections.filter((_, i) => i !== index);
  if (index > 0) {
    sections[index - 1] = { ...sections[index - 1], end_s: Math.max(sections[index - 1].end_s, gone.end_s) };
    return { ...left, sections };
  }
  sections[0] = { ...sections[0], start_s: gone.start_s };
  const first = left.cues[0]?.time_s;
  const cues = left.cues.map((cue) => (cue.time_s - first < SAME_S ? { ...cue, time_s: gone.start_s } : cue));
  return { ...left, sections, cues };
}

// --- single cues ---

/** One cue with other values; {list, cue} so that the caller can find it again. */
export function changedCue(list, index, patch) {
  const before = list.cues[index], wanted = { ...before, ...patch };
  const look = patch.look && patch.look !== before.look ? { ...relooked(before, patch.look), ...patch } : wanted;
  const cue = valid(list, look);
  return { list: ordered(list, list.cues.map((other, i) => (i === index ? cue : other))), cue };
}
export const changeCue = (list, index, patch) => changedCue(list, index, patch).list;

/** A picture (number as in `pictures`) at another time, between its neighbours. */
export function movePicture(list, number, time_s, unit = "beat") {
  const all = pictures(list), picture = all[number], gap = 0.05;
  if (!picture) return list;
  const low = number > 0 ? all[number - 1].time_s + gap : 0;
  const high = Math.max(low, (all[number + 1]?.time_s ?? list.duration_s) - gap);
  const time = fine(clamp(snapped(list, time_s, unit), low, high));
  return { ...list, cues: list.cues.map((cue) => (picture.cues.includes(cue) ? { ...cue, time_s: time } : cue)) };
}

/** A new cue at the beat nearest to a time: what plays there, or an accent over what begins there. */
export function addCue(list, time_s, patch = {}, unit = "beat") {
  const time = fine(Math.min(snapped(list, time_s, unit), Math.max(0, list.duration_s - 0.1)));
  const there = playing(list, time), base = there.filter(lit).find((cue) => covers(list, cue)) ?? there.find(lit);
  const begins = there.some((cue) => Math.abs(cue.time_s - time) < SAME_S && covers(list, cue));
  const usual = base ?? { look: "pulse", colors: (list.palette ?? []).slice(0, 2), intensity: 0.8, beats: 1, floor: 0.25, zones: "all" };
  const fresh = begins ? { ...usual, zones: "center", colors: [...usual.colors].reverse() } : { ...usual, zones: "all" };
  const asked = patch.look && patch.look !== fresh.look ? relooked(fresh, patch.look) : fresh;
  const cue = valid(list, { ...asked, fade_s: 0, ...patch, time_s: time });
  const at = lowerBound(list.cues, time + SAME_S, (other) => other.time_s);
  // A frame may hold older cues a hair later: the new one lies over them.
  const placed = { ...cue, time_s: Math.max(cue.time_s, list.cues[at - 1]?.time_s ?? 0) };
  return ordered(list, [...list.cues.slice(0, at), placed, ...list.cues.slice(at)]);
}

/** The list without one cue; what played before goes on. */
export const deleteCue = (list, index) => ({ ...list, cues: list.cues.filter((_, i) => i !== index) });

/** The show in another palette, colour by colour, as cues/recolor.py does it. */
export function setPalette(list, palette) {
  if (!palette.length) return list;
  const known = list.palette?.length ? list.palette : [...new Set(list.cues.flatMap((cue) => cue.colors))];
  const exchange = new Map(known.map((color, place) => [color, palette[place % palette.length]]));
  const cues = list.cues.map((cue) => ({ ...cue, colors: cue.colors.map((color) => exchange.get(color) ?? color) }));
  return { ...list, palette: [...palette], cues };
}

// --- what stays when another idea is asked for ---

/** Whether a stretch that stays holds the middle of a section. */
export const isKept = (kept, section) => kept.some(([from, to]) => from <= (section.start_s + section.end_s) / 2 && to > (section.start_s + section.end_s) / 2);

/** Stretches with one more; those that meet are one. */
export function withKept(kept, start_s, end_s) {
  const found = [];
  for (const [from, to] of [...kept, [start_s, end_s]].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && from <= last[1] + 1e-3) last[1] = Math.max(last[1], to);
    else found.push([fine(from), fine(to)]);
  }
  return found;
}

/** Stretches without one. */
export const withoutKept = (kept, start_s, end_s) =>
  kept.flatMap(([from, to]) => [[from, Math.min(to, start_s)], [Math.max(from, end_s), to]].filter(([a, b]) => b - a > NEAR_S));
