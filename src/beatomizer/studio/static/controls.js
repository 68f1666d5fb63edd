/* The Show tab: what a person wishes for the whole show. The server designs; pinned parts stay. */

import { clockText } from "./actions.js";
import { button, make, say } from "./elements.js";
import { mountPalette } from "./palette.js";

const WAIT_MS = 250; // arrow keys on a slider or a list are one wish, not ten
const ENERGIES = [[0.12, "calm"], [0.37, "gentle"], [0.62, "balanced"], [0.87, "party"], [2, "club"]];
export const energyWord = (value) => ENERGIES.find(([to]) => value < to)[1];
const cap = (word) => word.charAt(0).toUpperCase() + word.slice(1);
const many = (count, one, more = one + "s") => `${count} ${count === 1 ? one : more}`;

/** Wishes go out one after another; those made meanwhile go together. */
class Wishing {
  constructor(store) {
    this.store = store;
    this.next = null;
  }

  make(partial, label, wait = 0) {
    this.next = { partial: { ...this.next?.partial, ...partial }, label };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), wait);
  }

  async run() {
    if (this.busy) return;
    this.busy = true;
    while (this.next) {
      const { partial, label } = this.next;
      this.next = null;
      await this.store.wish(partial, { label });
    }
    this.busy = false;
  }

  clear() {
    clearTimeout(this.timer);
    this.next = null;
  }
}

function part(title, ...children) {
  const id = `part-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return make("section", { class: "part", "aria-labelledby": id }, make("h3", { id, text: title }), ...children);
}

export function mountControls(element, store, about) {
  const wishing = new Wishing(store);
  const wishes = () => store.project?.wishes ?? {};
  const facts = make("p", { class: "quiet facts" });
  const idea = mountIdeas(store, wishing, wishes);
  const energy = mountEnergy(wishing, wishes);
  const palette = mountPalette(about, wishes, () => store.cues?.palette ?? [], (value, label, wait) => wishing.make({ palette: value }, label, wait));
  const zones = mountZones(wishing, wishes, about.limits?.zones ?? 64);
  const safety = mountSafety(store, wishing, wishes, about.profiles ?? []);
  const model = mountModel(wishing, wishes, about.models ?? []);
  element.append(facts, idea.element, energy.element, palette.element, safety.element, zones.element, ...(model ? [model.element] : []));

  let open = null;
  function show() {
    const project = store.project, list = store.cues;
    element.classList.toggle("waiting", !list);
    for (const one of element.querySelectorAll(".part")) one.inert = !list;
    if (!project) return wishing.clear();
    if (project.id !== open) idea.reset((open = project.id));
    facts.textContent = list ? [list.tempo_bpm ? `${Math.round(list.tempo_bpm)} BPM` : "No steady beat", many(list.sections.length, "section"),
      clockText(list.duration_s)].join(" · ") : project.state === "failed" ? "There is no show." : "Listening to the song…";
    for (const one of [idea, energy, palette, zones, safety, model]) one?.show();
  }
  for (const name of ["project", "cues"]) store.addEventListener(name, show);
  show();
  return { picture: palette.picture };
}

function mountIdeas(store, wishing, wishes) {
  let seeds = [], at = 0;
  const note = make("p", { class: "quiet", role: "status" });
  const back = button({ icon: "left", text: "Back", class: "word", disabled: true }, () => go(at - 1));
  const next = button({ icon: "idea", text: "Another idea", class: "primary" }, () => {
    if (at === seeds.length - 1) seeds.push(Math.floor(Math.random() * 2 ** 31));
    go(at + 1);
  });

  function go(index) {
    at = index;
    wishing.make({ seed: seeds[at] }, at ? `Idea ${at + 1}` : "First idea");
    say(`Idea ${at + 1}`);
    show();
  }

  function show() {
    const seed = wishes().seed ?? 0, known = seeds.indexOf(seed);
    if (known < 0 && !wishing.next) [seeds, at] = [[...seeds.slice(0, at + 1), seed], seeds.length ? at + 1 : 0];
    else if (known >= 0 && !wishing.next && !wishing.busy) at = known; // undone, or changed elsewhere
    back.disabled = at === 0;
    const pinned = store.kept.length;
    note.textContent = [at ? `Idea ${at + 1}.` : "", pinned ? `What you edited stays as it is (${many(pinned, "pinned stretch", "pinned stretches")}).` : "The same song in another light."].filter(Boolean).join(" ");
  }
  const reset = () => ([seeds, at] = [[wishes().seed ?? 0], 0]);
  return { element: make("section", { class: "part idea", "aria-label": "Ideas" }, make("div", { class: "row" }, next, back), note), show, reset };
}

function mountEnergy(wishing, wishes) {
  const slider = make("input", { type: "range", min: "0", max: "1", step: "0.01", "aria-labelledby": "part-energy" });
  const word = make("output", { class: "quiet" });
  const tell = () => {
    const value = Number(slider.value);
    word.textContent = energyWord(value);
    slider.setAttribute("aria-valuetext", `${energyWord(value)}, ${Math.round(value * 100)} of 100`);
  };
  slider.addEventListener("input", tell);
  slider.addEventListener("change", () => wishing.make({ energy: Number(slider.value) }, `Energy ${energyWord(Number(slider.value))}`, WAIT_MS));
  const element = part("Energy", slider, make("p", { class: "ends quiet", "aria-hidden": "true" }, make("span", { text: "Calm" }), word, make("span", { text: "Club" })));
  return { element, show: () => { if (document.activeElement !== slider || !wishing.busy) slider.value = String(wishes().energy ?? 0.5); tell(); } };
}

function mountZones(wishing, wishes, most) {
  const field = make("input", { type: "number", min: "1", max: String(most), step: "1", inputmode: "numeric", "aria-label": "Number of zones" });
  const set = (value) => {
    const count = Math.min(most, Math.max(1, Math.round(value) || 1));
    field.value = String(count);
    if (count !== (wishing.next?.partial.zones ?? wishes().zones)) wishing.make({ zones: count }, many(count, "zone"), 500);
  };
  field.addEventListener("change", () => set(Number(field.value)));
  const less = button({ icon: "minus", label: "One zone less", class: "plain" }, () => set(Number(field.value) - 1));
  const more = button({ icon: "plus", label: "One zone more", class: "plain" }, () => set(Number(field.value) + 1));
  const element = part("Zones", make("div", { class: "row stepper" }, less, field, more), make("p", { class: "quiet", text: "Parts of the stage that have their own colour. Any number fits any rig." }));
  return { element, show: () => { if (!wishing.next) field.value = String(wishes().zones ?? 8); } };
}

/** The limiter's report in plain words. */
export function reportText(report, beats = true) {
  if (!report) return "Being checked…";
  const peak = Math.round(report.peak_flashes_per_s * 10) / 10;
  const words = [peak > 0 ? `At most ${many(peak, "flash", "flashes")} in any second.` : "No flash anywhere."];
  if (report.passages_limited) words.push(`${cap(many(report.passages_limited, "passage was", "passages were"))} softened for that.`);
  if (beats && report.beats) words.push(report.beats_visible >= report.beats ? `The light moves on all ${report.beats} beats.` : `The light moves on ${report.beats_visible} of ${report.beats} beats.`);
  return words.join(" ");
}

function mountSafety(store, wishing, wishes, profiles) {
  const choice = make("select", { "aria-labelledby": "part-flash-safety" });
  for (const { name } of profiles) choice.append(make("option", { value: name, text: cap(name) }));
  const meaning = make("p", { class: "quiet" }), report = make("p", { class: "report", role: "status" });
  choice.addEventListener("change", () => wishing.make({ safety: choice.value }, `Safety ${choice.value}`, WAIT_MS));
  const element = part("Flash safety", choice, meaning, report);
  return { element, show() {
    if (!wishing.next && !wishing.busy) choice.value = wishes().safety ?? "broadcast";
    const profile = profiles.find(({ name }) => name === choice.value);
    meaning.textContent = profile ? cap(profile.text) + (profile.for_files === false ? ". Files cannot be made with it." : ".") : "";
    const text = store.project?.state === "failed" ? "" : reportText(store.project?.report, store.cues?.tempo_bpm);
    if (report.textContent !== text) report.textContent = text;
  } };
}

function mountModel(wishing, wishes, models) {
  const names = models.map((model) => model.name ?? model);
  if (names.length < 2) return null;
  const choice = make("select", { "aria-labelledby": "part-listening" });
  for (const name of names) choice.append(make("option", { value: name, text: cap(name) }));
  const meaning = make("p", { class: "quiet" });
  choice.addEventListener("change", () => wishing.make({ model: choice.value }, "Listening", WAIT_MS));
  return { element: part("Listening", choice, meaning), show() {
    if (!wishing.next && !wishing.busy) choice.value = wishes().model ?? names[0];
    meaning.textContent = models.find((model) => model.name === choice.value)?.text ?? "";
  } };
}
