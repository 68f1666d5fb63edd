/* The Cue tab: what is selected, and everything that can be done with it. */

import * as actions from "./actions.js";
import * as edits from "./edits.js";
import { say } from "./elements.js";
import { button, cap, colorRow, group, lookGrid, make, slider, zoneField } from "./fields.js";
import { beatsView } from "./inspector_beats.js";
import { GROUP_WORDS } from "./looks.js";

const PACES = [0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 32];
const FADES = [0, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 20];
const plain = (zones) => (Array.isArray(zones) ? "all" : zones); // small pictures show groups only
const percent = (value) => `${Math.round(value)} %`;
const nearest = (steps, value) => steps.reduce((best, step, i) => (Math.abs(step - value) < Math.abs(steps[best] - value) ? i : best), 0);

function paceText(beats, meter) {
  if (beats < 1) return `${Math.round(1 / beats)} times a beat`;
  if (beats === 1) return "every beat";
  if (beats % meter === 0) return beats === meter ? "once a bar" : `every ${beats / meter} bars`;
  return `every ${beats} beats`;
}

/** The Cue tab in an element: {focus(), rename()} for keys and the timeline. */
export function mountInspector(element, store, transport, about = {}) {
  return new Inspector(element, store, transport, about);
}

class Inspector {
  constructor(element, store, transport, about) {
    Object.assign(this, { element, store, transport, about });
    element.classList.add("inspector");
    this.views = { section: this.sectionPage(), cue: this.cuePage(), none: this.emptyPage() };
    this.beats = beatsView(store, transport);
    for (const name of ["selection", "cues", "project"]) store.addEventListener(name, () => this.update());
    store.addEventListener("inspect", () => this.focus());
    store.addEventListener("rename", () => this.rename());
    this.reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.update();
    this.animate(0);
  }

  get list() {
    return this.store.cues;
  }

  get index() {
    return this.store.selection?.index ?? -1;
  }

  get section() {
    return this.list?.sections[this.index];
  }

  get cue() {
    return this.list?.cues[this.index];
  }

  steps({ label, values, text, on, title }) {
    return slider({ label, min: 0, max: values.length - 1, step: 1, title, text: (at) => text(values[at]), settle: () => this.store.settle(), on: (at) => on(values[at]) });
  }

  /** Look, colours, sliders and zones, wired to `put(label, name, value, done)`. */
  fields(put, { glow }) {
    const settle = () => this.store.settle();
    const found = {
      look: lookGrid({ label: "Look", on: (look) => put(cap(look), "look", look, true) }),
      colors: colorRow({ palette: () => this.list?.palette ?? [], on: (colors, how) => put("Colours", "colors", colors, !how.live, how) }),
      intensity: slider({ label: "Intensity", min: 1, max: 100, step: 1, text: percent, settle, on: (value) => put("Intensity", "intensity", value / 100) }),
      beats: this.steps({ label: "Pace", values: PACES, text: (value) => paceText(value, this.list ? edits.gridOf(this.list).meter : 4), on: (value) => put("Pace", "beats", value), title: "How long one cycle of the look takes" }),
      fade: this.steps({ label: "Fade in", values: FADES, text: (value) => (value ? `${value} s` : "at once"), on: (value) => put("Fade", "fade_s", value) }),
      zones: zoneField({ label: "Lights", count: () => this.list?.zones ?? 8, on: (zones) => put("Lights", "zones", zones, true) }),
    };
    if (glow) found.floor = slider({ label: "Glow between", min: 0, max: 100, step: 1, text: percent, settle, on: (value) => put("Glow", "floor", value / 100), title: "Light that stays on between the pulses" });
    return found;
  }

  // --- a part of the song ---

  sectionPage() {
    const put = (label, name, value, done, how = {}) => this.putSection(label, name, value, done, how);
    const f = this.fields(put, { glow: false });
    f.name = make("input", { class: "title", type: "text", "aria-label": "Name of the part", maxlength: "60", spellcheck: "false", autocomplete: "off", list: "part-names", on: {
      change: () => this.renamed(f.name.value.trim()),
      keydown: (event) => ["Enter", "Escape"].includes(event.key) && (event.key === "Escape" && (f.name.value = actions.sectionName(this.section)), f.name.blur()),
    } });
    f.names = make("datalist", { id: "part-names" }, ...["Intro", "Verse", "Chorus", "Bridge", "Build", "Drop", "Break", "Outro"].map((value) => make("option", { value })));
    f.where = make("p", { class: "where" });
    f.pin = button({ text: "Pin", class: "tool", label: "Keep this part as it is when you ask for another idea" }, () => {
      const { section } = this;
      this.store.keep(section.start_s, section.end_s, !this.store.isKept(section));
    });
    f.alike = make("input", { type: "checkbox", id: "alike" });
    f.alikeText = make("span");
    f.alikeLine = make("label", { class: "check" }, f.alike, f.alikeText);
    f.accent = lookGrid({ label: "Accent", none: true, on: (look) => put(look ? `Accent ${look}` : "No accent", "accent", look ? { look } : null, true) });
    f.accentZones = zoneField({ label: "Where", count: () => this.list?.zones ?? 8, on: (zones) => put("Accent", "accent", { look: this.shown.accent.look, zones }, true) });
    f.accentText = make("summary");
    f.accentBox = make("details", { class: "more" }, f.accentText, f.accent.element, f.accentZones.element);
    f.cues = make("div", { class: "cues", role: "group", "aria-label": "Cues of this part" });
    f.merge = button({ text: "Merge with next", class: "tool" }, () => say(actions.merge(this.store, this.index)));
    const acts = make("div", { class: "acts" },
      button({ text: "Split", class: "tool", title: "At the playhead (S)" }, () => say(actions.split(this.store, this.transport.position_s))),
      f.merge,
      button({ text: "Delete", class: "tool gone", title: "The part before goes on in its place (Delete)" }, () => say(actions.remove(this.store))));
    const add = button({ text: "Add at playhead", icon: "plus", class: "tool" }, () => say(actions.addCue(this.store, this.transport.position_s)));
    const root = make("div", { class: "page" },
      make("div", { class: "heading" }, f.name, f.pin, f.names), f.where, f.alikeLine,
      group("Look", f.look.element), f.accentBox, f.colors.element,
      group("", f.intensity.element, f.beats.element, f.fade.element), f.zones.element,
      group("Cues in this part", f.cues, add), acts);
    return { root, fields: f };
  }

  renamed(text) {
    const { index } = this, before = actions.sectionName(this.section), name = text.charAt(0).toLowerCase() + text.slice(1);
    if (text && text !== before) this.store.edit(`Rename ${before}`, (list) => edits.renameSection(list, index, name));
  }

  /** The parts that an edit reaches: this one, or all of its letter. */
  targets() {
    const { section, index } = this, all = this.list.sections;
    if (!this.views.section.fields.alike.checked || !section.label) return [index];
    return all.map((_, i) => i).filter((i) => all[i].label === section.label);
  }

  putSection(label, name, value, done, how) {
    const { section } = this, index = this.index;
    // Other parts of the letter may have fewer colours: they get no more than they have, but for one that is added.
    const colors = (list, i) => edits.setSectionColors(list, i, i === index || how.added ? value : value.slice(0, Math.max(1, edits.sectionColors(list, i).length)));
    const set = { look: edits.setSectionLook, accent: edits.setSectionAccent, intensity: edits.setSectionIntensity, beats: edits.setSectionBeats, fade_s: edits.setSectionFade, zones: edits.setSectionZones }[name];
    const change = (list, i) => (set ? set(list, i, value) : how.removed ? edits.dropSectionColor(list, i, how.removed, value[0]) : colors(list, i));
    actions.onSections(this.store, this.targets(), `${label} of ${actions.sectionName(section)}`, change, `${name} ${index}`);
    if (done) this.store.settle();
  }

  showSection() {
    const f = this.views.section.fields, { section, index, list, store } = this, view = (this.shown = edits.sectionView(list, index));
    if (document.activeElement !== f.name) f.name.value = actions.sectionName(section);
    const bars = Math.round((section.end_s - section.start_s) / edits.gridOf(list).bar_s);
    const from = edits.barAndBeat(list, section.start_s + 0.01)?.bar ?? 1;
    const place = `${actions.clockText(section.start_s)} – ${actions.clockText(section.end_s)}`;
    f.where.textContent = list.beats?.length > 8 ? `${place} · ${bars} ${bars === 1 ? "bar" : "bars"} from bar ${from || 1}` : place;
    const kept = store.isKept(section);
    f.pin.setAttribute("aria-pressed", String(kept));
    f.pin.lastChild.textContent = kept ? "Pinned" : "Pin";
    const alike = list.sections.filter((other) => other.label === section.label).length - 1;
    f.alikeLine.hidden = !section.label || alike < 1;
    f.alikeText.textContent = alike === 1 ? "And the other part that sounds like it" : `And the ${alike} other parts that sound like it`;
    this.showFields(f, view, view.level);
    f.accentText.textContent = view.accent ? `Accent: ${view.accent.look}` : "Accent: none";
    f.accent.set(view.accent?.look ?? null, view.accent?.colors ?? view.colors, view.accent ? plain(view.accent.zones) : "center");
    f.accentZones.element.hidden = !view.accent;
    if (view.accent) f.accentZones.set(view.accent.zones);
    f.merge.disabled = index >= list.sections.length - 1;
    this.cueButtons(f.cues, edits.sectionPictures(list, index));
  }

  cueButtons(room, found) {
    const state = JSON.stringify(found.map((picture) => [picture.from, picture.cues]));
    if (room.state === state) return;
    room.state = state;
    const held = [...room.children].indexOf(document.activeElement);
    room.replaceChildren(...found.slice(0, 60).map((picture) => {
      const colors = make("span", { class: "bars" }, ...[...new Set(picture.cues.flatMap((cue) => cue.colors))].slice(0, 4).map((color) => {
        const bar = make("i");
        bar.style.setProperty("--color", color);
        return bar;
      }));
      const looks = picture.cues.map((cue) => cue.look).join(" + ");
      return make("button", { type: "button", class: "cue", on: { click: () => {
        this.store.select({ kind: "cue", index: picture.from });
        this.focus();
      } } }, make("span", { class: "time", text: actions.clockText(picture.time_s) }), colors, make("span", { text: cap(looks) }));
    }));
    if (!found.length) room.append(make("p", { class: "quiet", text: "No cue begins here: the one before goes on." }));
    room.children[held]?.focus();
  }

  // --- one cue ---

  cuePage() {
    const put = (label, name, value, done) => {
      actions.onCue(this.store, this.index, `${label} of cue`, { [name]: value }, `${name} ${this.cue.time_s}`);
      if (done) this.store.settle();
    };
    const f = this.fields(put, { glow: true });
    f.back = button({ icon: "left", text: "Part", class: "tool", title: "Back to the part" }, () => {
      this.store.select({ kind: "section", index: Math.max(0, edits.sectionAt(this.list, this.cue.time_s)) });
      this.focus();
    });
    f.title = make("h2", { class: "title", tabindex: "-1" });
    f.where = make("p", { class: "where" });
    f.layers = make("div", { class: "picks layers", role: "group", "aria-label": "Layers of this moment" });
    const move = (by) => () => {
      const number = edits.pictureAt(this.list, this.cue.time_s), at = edits.stepped(this.list, this.cue.time_s, by, "beat");
      actions.movePicture(this.store, number, at, "beat");
      say(`Cue at ${actions.placeText(this.list, this.cue.time_s)}`);
    };
    const root = make("div", { class: "page" }, f.back, make("div", { class: "heading" }, f.title), f.where,
      make("div", { class: "acts" },
        button({ text: "◂ Beat", class: "tool", title: "Move it a beat earlier" }, move(-1)),
        button({ text: "Beat ▸", class: "tool", title: "Move it a beat later" }, move(1)),
        button({ text: "Delete", class: "tool gone", title: "What plays before goes on (Delete)" }, () => say(actions.remove(this.store)))),
      f.layers,
      group("Look", f.look.element), f.colors.element,
      group("", f.intensity.element, f.beats.element, f.floor.element, f.fade.element), f.zones.element);
    return { root, fields: f };
  }

  showCue() {
    const f = this.views.cue.fields, { cue, list } = this, picture = edits.pictures(list)[edits.pictureAt(list, cue.time_s)];
    const at = edits.sectionAt(list, cue.time_s);
    f.back.lastChild.textContent = at >= 0 ? actions.sectionName(list.sections[at]) : "Parts";
    f.title.textContent = `${cap(cue.look)} cue`;
    f.where.textContent = `${actions.placeText(list, cue.time_s)} · lasts ${(picture.end_s - picture.time_s).toFixed(1)} s`;
    const layers = picture.cues.map((other, i) => {
      const words = `${Array.isArray(other.zones) ? "Some" : other.zones === "all" ? "Whole stage" : GROUP_WORDS[other.zones]}: ${other.look}`;
      return make("button", { type: "button", class: "pick", text: words, "aria-pressed": String(other === cue), on: { click: () => this.store.select({ kind: "cue", index: picture.from + i }) } });
    });
    layers.push(make("button", { type: "button", class: "pick", text: "+ Layer", title: "Another cue over this one", on: { click: () => say(actions.addCue(this.store, cue.time_s, "free")) } }));
    f.layers.replaceChildren(...layers);
    this.showFields(f, { zones: "all", ...cue }, cue.intensity ?? 1);
    f.floor.set((cue.floor ?? 0) * 100, !["hold", "blackout"].includes(cue.look));
  }

  showFields(f, { look, colors, zones, beats, fade_s }, level) {
    const dark = look === "blackout" || !colors.length;
    f.look.set(look, dark ? (this.list.palette ?? []).slice(0, 2) : colors, plain(zones));
    f.colors.element.hidden = dark;
    f.colors.set(colors);
    f.intensity.set(level * 100, !dark);
    f.beats.set(nearest(PACES, beats ?? 1), !dark && look !== "hold");
    f.fade.set(nearest(FADES, fade_s ?? 0));
    f.zones.set(zones);
  }

  // --- nothing selected ---

  emptyPage() {
    const here = button({ text: "Edit the part at the playhead", class: "tool wide" }, () => {
      this.store.select({ kind: "section", index: edits.sectionAt(this.list, this.transport.position_s) });
      this.focus();
    });
    const text = make("p", { class: "quiet", text: "Click a part or a cue in the timeline to change its look, colours and light." });
    return { root: make("div", { class: "page" }, text, here), fields: { here } };
  }

  // --- all of it ---

  update() {
    const { store, list } = this, kind = store.selection?.kind;
    const ok = list && ((kind === "section" && this.section) || (kind === "cue" && this.cue) || (kind === "boundary" && this.section));
    const name = ok ? (kind === "boundary" ? "section" : kind) : "none", view = this.views[name];
    this.shownView = view;
    if (this.element.firstChild !== view.root) this.element.replaceChildren(view.root, this.beats.element);
    this.beats.element.hidden = !list;
    if (name === "none") {
      this.beats.element.open = this.beats.element.open || kind === "beats";
      view.fields.here.hidden = !list?.sections.length;
    } else if (name === "section") this.showSection();
    else this.showCue();
    if (list) this.beats.update();
  }

  /** Keyboard focus to the heart of the page. */
  focus() {
    const target = this.element.querySelector('.look[tabindex="0"]') ?? this.element.querySelector("button");
    target?.focus({ preventScroll: true });
    this.element.scrollTop = 0;
  }

  rename() {
    const { name } = this.views.section.fields;
    name.focus();
    name.select();
  }

  /** Looks move with the music; without it, the one at hand and the chosen one, gently. */
  animate(now) {
    const { look, accent, accentBox } = this.shownView.fields, shown = this.list && look && this.element.checkVisibility();
    if (shown && now - (this.drawn ?? 0) > 32) {
      this.drawn = now;
      const { playing, position_s } = this.transport, { beat_s, times } = edits.gridOf(this.list), at = edits.lowerBound(times, position_s) - 1;
      const within = at >= 0 && at + 1 < times.length ? at + (position_s - times[at]) / (times[at + 1] - times[at]) : position_s / beat_s;
      const slow = beat_s < 0.5 ? 0.5 : 1; // at most two changes a second
      const beat = this.reduced.matches ? null : playing ? Math.max(0, within * slow) : now / 700;
      look.draw(beat, playing);
      if (accentBox?.open) accent.draw(beat, playing);
    }
    setTimeout(() => requestAnimationFrame((next) => this.animate(next)), shown ? 0 : 300);
  }
}
