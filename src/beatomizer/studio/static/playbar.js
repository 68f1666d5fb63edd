/* The bar with play, time, loop, zoom and sound. */

import { clockText, sectionName as word } from "./actions.js";
import { $, say, toggled } from "./elements.js";
import { barAndBeat, sectionAt } from "./edits.js";

/** Loop the chosen section, or the one that plays; again: stop looping. */
export function switchLoop(store, transport) {
  const list = store.cues;
  if (transport.loop) {
    transport.loop = null;
    return say("Loop off");
  }
  if (!list || !list.sections.length) return say("There is no section to loop yet");
  const { kind, index } = store.selection ?? {};
  const part = list.sections[kind === "section" ? index : sectionAt(list, transport.position_s)];
  if (!part) return;
  transport.loop = { start_s: part.start_s, end_s: Math.min(part.end_s, transport.duration_s - 0.05) };
  if (transport.position_s < part.start_s || transport.position_s >= part.end_s) transport.seek(part.start_s);
  say(`Looping ${word(part)}, ${clockText(part.start_s)} to ${clockText(part.end_s)}`);
}

export function mountPlaybar(store, transport, timeline) {
  let shownTime = "", shownWhere = "";
  $("play").addEventListener("click", () => transport.toggle());
  $("loop").addEventListener("click", () => switchLoop(store, transport));
  $("mute").addEventListener("click", () => (transport.muted = !transport.muted));
  $("volume").addEventListener("input", () => (transport.volume = Number($("volume").value)));
  $("zoom-in").addEventListener("click", () => timeline.zoom(1.5));
  $("zoom-out").addEventListener("click", () => timeline.zoom(1 / 1.5));
  $("zoom-fit").addEventListener("click", () => timeline.fit());
  transport.addEventListener("state", () => {
    const playing = transport.playing, off = transport.muted || transport.volume === 0;
    document.body.classList.toggle("playing", playing);
    document.body.classList.toggle("muted", off);
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    $("mute").setAttribute("aria-label", off ? "Unmute" : "Mute");
  });
  transport.addEventListener("loop", () => toggled($("loop"), transport.loop !== null));
  transport.addEventListener("refused", (event) => say(`The sound does not start: ${event.detail}`));
  transport.addEventListener("fault", () => say("The sound cannot be played here; the light goes on by itself"));

  /** Each frame; touches the page only where something changed. */
  return (position) => {
    const time = clockText(position);
    if (time !== shownTime) $("time-now").textContent = shownTime = time;
    const end = clockText(transport.duration_s);
    if ($("time-end").textContent !== end) $("time-end").textContent = end;
    const where = whereText(store.cues, position);
    if (where !== shownWhere) $("where").textContent = shownWhere = where;
  };
}

function whereText(list, position) {
  if (!list) return "";
  const part = list.sections[sectionAt(list, position)], at = list.beats.length ? barAndBeat(list, position) : null;
  const bar = at && at.bar ? `bar ${at.bar}` : "";
  return [part && word(part), bar, list.tempo_bpm ? `${Math.round(list.tempo_bpm)} BPM` : ""].filter(Boolean).join(" · ");
}
