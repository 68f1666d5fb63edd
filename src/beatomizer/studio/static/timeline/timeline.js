/* The timeline: song, bars, parts, cues and light in time. Still layers are drawn when they change; while the show
   plays only the playhead moves. */

import * as actions from "../actions.js";
import { say } from "../elements.js";
import { Hands } from "./hands.js";
import { Painter, coarseWave, rowsOf } from "./paint.js";
import { Parts } from "./parts.js";
import { View } from "./view.js";

const MOST_RATIO = 3;

function made(tag, className, parent, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

/** From when to when two cue lists may give different light: [start_s, end_s], null if they are the same there. */
function changedStretch(before, now) {
  const [a, b] = [before.cues, now.cues], most = Math.min(a.length, b.length);
  if (a === b && before.beats === now.beats) return null;
  if (before.beats !== now.beats) return [0, now.duration_s];
  let first = 0, last = 0;
  while (first < most && a[first] === b[first]) first++;
  while (last < most - first && a[a.length - 1 - last] === b[b.length - 1 - last]) last++;
  const start = Math.min(a[first]?.time_s ?? Infinity, b[first]?.time_s ?? Infinity);
  return start === Infinity ? null : [start, b[b.length - last]?.time_s ?? now.duration_s];
}

const joined = (one, other) => (one && other ? [Math.min(one[0], other[0]), Math.max(one[1], other[1])] : one ?? other);

export class Timeline {
  /** @param element an empty element with a height; the timeline fills it. */
  constructor(element, store, transport) {
    this.element = element;
    this.store = store;
    this.transport = transport;
    this.view = new View();
    this.rows = rowsOf(160, false, false, 1);
    element.classList.add("timeline");
    element.timeline = this;
    this.surface = made("div", "surface", element);
    this.canvas = made("canvas", "still", this.surface, { role: "img", "aria-label": "Waveform, bars, cues and light of the song" });
    this.loopMark = made("div", "loop", this.surface);
    this.room = made("div", "parts", this.surface, { role: "group", "aria-label": "Parts of the song" });
    this.room.setAttribute("aria-description", "Left and right move between parts, Enter edits one, Alt with left or right moves its beginning by a bar, with Shift its end, P pins it");
    this.hoverMark = made("div", "hover", this.surface);
    this.hoverText = made("span", "hover-text", this.surface);
    this.head = made("div", "head", this.surface);
    this.empty = made("p", "empty", this.surface);
    this.painter = new Painter(this.canvas);
    this.parts = new Parts(this.room, this);
    this.hands = new Hands(this.surface, this);
    this.stale = this.following = true;
    this.fingers = window.matchMedia("(pointer: coarse)");
    this.listen();
    this.mark(null);
    this.resize();
  }

  listen() {
    const { store, transport } = this;
    store.addEventListener("project", () => this.opened());
    store.addEventListener("cues", () => this.changed());
    store.addEventListener("light", () => {
      this.old = null;
      this.refresh();
    });
    store.addEventListener("wave", () => {
      this.coarse = store.wave ? coarseWave(store.wave) : null;
      this.loudest = this.coarse?.reduce((top, value) => Math.max(top, value), 32) ?? 255;
      this.refresh();
    });
    store.addEventListener("selection", () => this.selected());
    for (const name of ["loop", "seek", "state"]) transport.addEventListener?.(name, () => ((this.following = true), this.refresh()));
    new ResizeObserver(() => this.resize()).observe(this.surface);
  }

  say(text) {
    say(text);
  }

  opened() {
    const { project } = this.store;
    if (project?.id !== this.shown) {
      this.shown = project?.id;
      this.view.span = this.view.duration; // a new song is shown whole
      this.list = this.old = null;
      this.following = true;
    }
    this.changed();
  }

  changed() {
    const { cues, project } = this.store, duration = cues?.duration_s ?? project?.duration_s ?? 1;
    this.view.setDuration(duration);
    this.empty.textContent = cues || !project || project.state === "failed" ? "" : "Listening to the song…";
    if (cues && this.list && this.store.light) this.old = joined(this.old, changedStretch(this.list, cues));
    this.list = cues;
    this.parts.follow();
    this.refresh();
  }

  selected() {
    const { selection, cues } = this.store;
    this.parts.follow();
    if (selection?.kind === "section" && cues?.sections[selection.index] && !this.hands.drag) {
      const { start_s, end_s } = cues.sections[selection.index];
      if (end_s < this.view.from || start_s > this.view.to) this.view.reveal(start_s, end_s);
    }
    this.refresh();
  }

  resize() {
    const box = this.surface.getBoundingClientRect();
    this.height = Math.max(60, box.height);
    this.view.width = Math.max(40, box.width);
    this.refresh();
  }

  /** Draw the still layers anew with the next frame. */
  refresh() {
    this.stale = true;
  }

  // --- zoom and follow ---

  /** Zoom in (above 1) or out around the pointer, the playhead or the middle. */
  zoom(factor) {
    const { view } = this, head = this.transport.position_s;
    const around = this.pointer !== undefined && this.pointer !== null ? this.pointer : head >= view.from && head <= view.to ? head : view.from + view.span / 2;
    view.zoom(factor, around);
    this.pannedByHand();
  }

  fit() {
    this.view.fit();
    this.pannedByHand();
  }

  /** The view went elsewhere: it follows the playhead again once that is in sight. */
  pannedByHand() {
    const at = this.transport.position_s;
    this.following = at >= this.view.from && at <= this.view.to;
    this.refresh();
  }

  busy(on) {
    this.element.classList.toggle("busy", on);
    this.handling = on;
    this.refresh();
  }

  follow(position) {
    const { view } = this;
    if (!view.zoomed || this.handling || !this.transport.playing) return;
    const inSight = position >= view.from && position <= view.to;
    if (inSight) this.following = true;
    if (!this.following || (inSight && view.x(position) < view.width * 0.94)) return;
    if (view.show(position - 0.06 * view.span)) this.refresh();
  }

  // --- drawing ---

  /** Called each animation frame. */
  draw() {
    const position = this.transport.position_s;
    this.follow(position);
    if (this.stale) this.paintNow();
    const x = this.view.x(position), shown = x >= -1 && x <= this.view.width + 1;
    const place = shown ? Math.round(x * 2) / 2 : -20;
    if (place === this.headAt) return;
    this.headAt = place;
    this.head.style.transform = `translateX(${place}px)`;
  }

  paintNow() {
    this.stale = false;
    const { store, view, height } = this;
    const scale = Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 15 || 1);
    this.rows = rowsOf(height, view.zoomed, this.fingers.matches, scale);
    this.painter.paint({
      list: store.cues, light: store.light, wave: store.wave, coarse: this.coarse, loudest: this.loudest, view, rows: this.rows, height,
      selection: store.selection, old: this.old, scale, ratio: Math.min(window.devicePixelRatio || 1, MOST_RATIO),
    });
    const [y, tall] = this.rows.sections;
    this.room.style.top = `${y}px`;
    this.room.style.height = `${tall}px`;
    this.parts.update();
    const end = this.rows.overview[1] ? this.rows.overview[0] - 3 : height;
    this.head.style.height = this.hoverMark.style.height = `${end}px`;
    this.showLoop();
    this.headAt = null;
  }

  showLoop() {
    const { loop } = this.transport, { view } = this;
    this.loopMark.hidden = !loop;
    if (!loop) return;
    const from = Math.max(-4, view.x(loop.start_s)), to = Math.min(view.width + 4, view.x(loop.end_s));
    this.loopMark.style.transform = `translateX(${from}px)`;
    this.loopMark.style.width = `${Math.max(0, to - from)}px`;
    this.loopMark.style.height = `${this.rows.ruler[1]}px`;
  }

  // --- pointer ---

  hover(found) {
    this.pointer = found ? this.view.time(found.x) : null;
    const edge = found && ["boundary", "cue-edge", "loop-edge"].includes(found.what);
    this.surface.dataset.under = found ? (edge ? "edge" : found.what) : "";
    if (!found || found.what === "overview") return this.mark(null);
    const { cues } = this.store, at = edge && found.what === "boundary" ? cues.sections[found.index].start_s : this.pointer;
    this.mark(at);
  }

  /** A line and the time at a moment; null hides them. */
  mark(time_s) {
    const on = time_s !== null && time_s !== undefined;
    this.hoverMark.hidden = this.hoverText.hidden = !on;
    if (!on) return;
    const x = this.view.x(time_s);
    this.hoverMark.style.transform = `translateX(${Math.round(x)}px)`;
    this.hoverText.textContent = this.store.cues ? actions.placeText(this.store.cues, time_s) : actions.clockText(time_s, 1);
    const wide = this.hoverText.offsetWidth || 90;
    this.hoverText.style.transform = `translateX(${Math.round(Math.min(Math.max(0, x + 7), this.view.width - wide))}px)`;
  }
}
