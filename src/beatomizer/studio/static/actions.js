/* What buttons, keys and drags do: edits with their names for undo, and the parts they pin. */

import * as edits from "./edits.js";

export function clockText(seconds, digits = 0) {
  const unit = 10 ** digits, total = Math.max(0, Math.floor(seconds * unit + 1e-6)) / unit;
  const h = Math.floor(total / 3600), m = Math.floor(total / 60) % 60;
  const s = (Math.floor((total % 60) * unit + 1e-6) / unit).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

const cap = (word) => word.charAt(0).toUpperCase() + word.slice(1);
/** "Chorus": the word for a person. */
export const sectionName = (section) => cap(section.name || section.kind || "part");
/** "Bar 17 · 0:32.0" */
export function placeText(list, time_s, digits = 1) {
  const at = edits.barAndBeat(list, time_s), time = clockText(time_s, digits);
  if (!at || !at.bar) return time;
  return `Bar ${at.bar}${at.beat > 1 ? "." + at.beat : ""} · ${time}`;
}

const stretch = (section) => [section.start_s, section.end_s];
/** The stretches of some sections, for `kept`. */
export const stretches = (list, indexes) => indexes.filter((i) => list.sections[i]).map((i) => stretch(list.sections[i]));

/** Change sections by one function and pin them. */
export function onSections(store, indexes, label, change, group = null) {
  return store.edit(label, (list) => indexes.reduce((now, index) => change(now, index), list), { kept: (list) => stretches(list, indexes), group });
}

/** Change one cue; the selection stays on it. */
export function onCue(store, index, label, patch, group = null) {
  let found = null;
  const changed = store.edit(label, (list) => {
    const { list: now, cue } = edits.changedCue(list, index, typeof patch === "function" ? patch(list.cues[index]) : patch);
    found = cue;
    return now;
  }, { kept: () => around(store, found.time_s), group });
  const at = store.cues.cues.indexOf(found);
  if (changed && at >= 0 && store.selection?.kind === "cue" && store.selection.index !== at) {
    store.selection = { kind: "cue", index: at };
    store.tell("selection");
  }
  return changed;
}

/** The section around a time, as a stretch to keep. */
function around(store, time_s) {
  const at = edits.sectionAt(store.cues, time_s);
  return at < 0 ? [] : [stretch(store.cues.sections[at])];
}

export function moveBoundary(store, index, time_s, unit, group = null) {
  return store.edit("Move boundary", (list) => edits.moveBoundary(list, index, time_s, unit), { kept: (list) => stretches(list, [index - 1, index]), group });
}

export function movePicture(store, number, time_s, unit, group = null) {
  return store.edit("Move cue", (list) => edits.movePicture(list, number, time_s, unit), { kept: () => around(store, time_s), group });
}

/** Split the part under the playhead; the second half is chosen. Says what happened. */
export function split(store, time_s) {
  if (!store.cues?.sections.length) return "There is nothing to split";
  const index = edits.sectionAt(store.cues, time_s), name = sectionName(store.cues.sections[index]);
  const done = store.edit(`Split ${name}`, (list) => edits.splitSection(list, index, time_s));
  if (!done) return "Too near to the edge of the part to split it";
  store.select({ kind: "section", index: index + 1 });
  return `Split at ${placeText(store.cues, store.cues.sections[index + 1].start_s)}`;
}

export function merge(store, index) {
  if (!store.cues?.sections[index + 1]) return "There is no next part";
  const name = sectionName(store.cues.sections[index]);
  store.edit(`Merge ${name} with the next`, (list) => edits.mergeSections(list, index));
  store.select({ kind: "section", index });
  return `${name} reaches to ${clockText(store.cues.sections[index].end_s)} now`;
}

export function addCue(store, time_s, unit = "beat") {
  if (!store.cues) return "";
  const before = new Set(store.cues.cues);
  store.edit("Add cue", (list) => edits.addCue(list, time_s, {}, unit), { kept: () => around(store, time_s) });
  const index = store.cues.cues.findIndex((cue) => !before.has(cue));
  if (index >= 0) store.select({ kind: "cue", index });
  return index >= 0 ? `New cue at ${placeText(store.cues, store.cues.cues[index].time_s)}` : "";
}

/** Delete what is selected. */
export function remove(store) {
  const { kind, index } = store.selection ?? {}, list = store.cues;
  if (kind === "cue" && list?.cues[index]) {
    const { time_s, look } = list.cues[index], kept = around(store, time_s);
    store.select(null);
    store.edit("Delete cue", (now) => edits.deleteCue(now, index), { kept });
    return `Deleted the cue ${look}`;
  }
  if (kind === "section" && list?.sections.length > 1) {
    const name = sectionName(list.sections[index]);
    store.select(null);
    store.edit(`Delete ${name}`, (now) => edits.deleteSection(now, index), { kept: (now) => stretches(now, [Math.max(0, index - 1)]) });
    store.select({ kind: "section", index: Math.max(0, index - 1) });
    return `Deleted ${name}`;
  }
  return kind === "section" ? "The last part stays" : "Nothing is selected";
}

export const undo = (store) => ((label) => (label ? `Undone: ${label}` : "Nothing to undo"))(store.undo());
export const redo = (store) => ((label) => (label ? `Done again: ${label}` : "Nothing to do again"))(store.redo());
