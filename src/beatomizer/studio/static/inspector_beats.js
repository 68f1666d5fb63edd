/* The beat grid in the inspector: earlier and later, twice and half, which beat is one, and a tempo from taps. */

import { clockText } from "./actions.js";
import * as edits from "./edits.js";
import { say } from "./elements.js";
import { button, group, make } from "./fields.js";

const TAP_GAP_MS = 2500;

export function beatsView(store, transport) {
  const tempo = make("output", { class: "tempo" }), facts = make("p", { class: "quiet" });
  const put = (label, change, groupName = null) => {
    store.edit(label, change, { group: groupName });
    if (!groupName) store.settle();
  };
  let moved = 0, first = null;
  const nudge = (ms) => {
    if (store.open_ !== "grid") [moved, first] = [0, store.cues];
    moved += ms;
    const total = moved;
    put(`Beats ${Math.abs(total)} ms ${total < 0 ? "earlier" : "later"}`, (list) => (total ? edits.nudgeBeats(list, total) : first), "grid");
    say(total ? `Beats ${Math.abs(total)} ms ${total < 0 ? "earlier" : "later"}` : "Beats where they were");
  };
  const act = (text, title, run) => button({ text, class: "tool", title }, run);
  const nudges = make("div", { class: "acts", role: "group", "aria-label": "Move the beat grid" },
    ...[-10, -1, 1, 10].map((ms) => act(`${ms < 0 ? "−" : "+"}${Math.abs(ms)} ms`, `Beats ${Math.abs(ms)} ms ${ms < 0 ? "earlier" : "later"}`, () => nudge(ms))));
  nudges.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    nudge(way * (event.shiftKey ? 10 : 1));
  });

  const taps = [], use = act("Use", "An even grid from your taps", () => {
    const found = edits.tapped(taps);
    taps.length = 0;
    if (found) put(`Tempo ${found.bpm.toFixed(1)} tapped`, (list) => edits.evenGrid(list, found.bpm, edits.fine(found.beat_s)));
    show();
  });
  const show = () => {
    const found = edits.tapped(taps);
    use.hidden = !found || taps.length < 8;
    if (found) use.lastChild.textContent = `Use ${found.bpm.toFixed(1)} BPM`;
    tapButton.lastChild.textContent = taps.length ? (found ? `Tap · ${found.bpm.toFixed(1)}` : `Tap · ${taps.length}`) : "Tap the beat";
  };
  let last = 0;
  const tap = () => {
    if (!transport.playing) return say("Play the song, then tap along");
    const now = performance.now();
    if (now - last > TAP_GAP_MS) taps.length = 0;
    last = now;
    taps.push(transport.position_s);
    if (taps.length > 32) taps.shift();
    show();
  };
  const tapButton = button({ text: "Tap the beat", class: "tool", title: "Tap along with the song, eight times or more: an even grid from your taps" }, (event) => event.detail === 0 && tap());
  tapButton.addEventListener("pointerdown", tap); // a click comes too late

  const element = make("details", { class: "more beats" },
    make("summary", {}, make("span", { text: "Beat grid " }), tempo), facts,
    group("Earlier or later", nudges),
    group("Tempo", make("div", { class: "acts" },
      act("Half", "Every second beat", () => put("Half tempo", edits.halveTempo)),
      act("Double", "A beat between each two", () => put("Double tempo", edits.doubleTempo)), tapButton, use)),
    group("Where “one” is", make("div", { class: "acts" },
      act("◂ Beat", "Bars begin a beat earlier", () => put("Downbeat earlier", (list) => edits.shiftDownbeat(list, -1))),
      act("Beat ▸", "Bars begin a beat later", () => put("Downbeat later", (list) => edits.shiftDownbeat(list, 1))))));
  return {
    element,
    update() {
      const list = store.cues, { times, meter, beat_s, bars } = edits.gridOf(list);
      tempo.textContent = times.length > 1 ? `${(60 / beat_s).toFixed(1)} BPM` : "no beat found";
      facts.textContent = times.length > 1 ? `${times.length} beats in ${meter}, bar 1 at ${clockText(bars[0] ?? times[0], 2)}` : "Play the song and tap along to give it one.";
      for (const one of element.querySelectorAll("fieldset:first-of-type button")) one.disabled = times.length < 2;
      show();
    },
  };
}
