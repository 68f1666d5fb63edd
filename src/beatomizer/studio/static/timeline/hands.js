/* Hands on the timeline: mouse, pen, fingers and wheel. What lies under them decides what a drag does. */

import * as actions from "../actions.js";
import { clamp, lowerBound, pictures, snapped } from "../edits.js";

const SLOP = 4; // pixels until a press is a drag

export class Hands {
  constructor(surface, timeline) {
    this.surface = surface;
    this.timeline = timeline;
    this.fingers = new Map();
    this.drag = null;
    surface.addEventListener("pointerdown", (event) => this.down(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) surface.addEventListener(name, (event) => this.up(event, name === "pointercancel"));
    surface.addEventListener("pointerleave", () => this.timeline.hover(null));
    surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    surface.addEventListener("dblclick", (event) => this.twice(event));
    surface.addEventListener("contextmenu", (event) => this.drag && event.preventDefault());
    window.addEventListener("keydown", (event) => this.key(event), true);
  }

  place(event) {
    const box = this.surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** What lies at a place: {what, index, time_s}. */
  hit(x, y, touch) {
    const { rows, view, store, transport } = this.timeline, reach = touch ? 16 : 6, list = store.cues;
    const row = Object.keys(rows).find((name) => rows[name][1] && y >= rows[name][0] - 1 && y <= rows[name][0] + rows[name][1] + 2) ?? "wave";
    if (row === "overview") return { what: "overview" };
    if (!list) return { what: "scrub" };
    if (row === "ruler") {
      const { start_s, end_s } = transport.loop ?? {};
      for (const [edge, at] of [["start_s", start_s], ["end_s", end_s]]) {
        if (at !== undefined && Math.abs(view.x(at) - x) <= reach) return { what: "loop-edge", edge };
      }
      return { what: touch ? "scrub" : "ruler" };
    }
    if (row === "sections") {
      const index = lowerBound(list.sections, view.time(x) + 1e-6, (section) => section.start_s) - 1;
      for (const at of [index, index + 1]) {
        const chosen = store.selection?.kind === "section" && (store.selection.index === at || store.selection.index === at - 1);
        if (at >= 1 && at < list.sections.length && Math.abs(view.x(list.sections[at].start_s) - x) <= reach && (!touch || chosen)) return { what: "boundary", index: at };
      }
      return { what: "section", index: Math.max(0, index) };
    }
    if (row === "cues") {
      const all = pictures(list), index = lowerBound(all, view.time(x) + 1e-6, (picture) => picture.time_s) - 1;
      for (const at of [index, index + 1]) {
        if (!touch && all[at] && all[at].time_s > 0.02 && Math.abs(view.x(all[at].time_s) - x) <= reach - 1) return { what: "cue-edge", index: at };
      }
      return index >= 0 ? { what: "cue", index } : { what: "scrub" };
    }
    return { what: "scrub" };
  }

  unit(event) {
    return event.altKey ? "free" : event.shiftKey ? "beat" : null;
  }

  down(event) {
    if (event.button > 0) return;
    const touch = event.pointerType === "touch", { x, y } = this.place(event);
    this.fingers.set(event.pointerId, { x, y });
    if (this.fingers.size === 2) return this.pinchFrom();
    if (this.fingers.size > 2 || this.drag) return;
    const found = this.hit(x, y, touch), { view, transport } = this.timeline;
    this.drag = { ...found, id: event.pointerId, x, y, from: view.from, moved: false, touch, time_s: view.time(x), group: `drag ${event.timeStamp}` };
    this.surface.setPointerCapture?.(event.pointerId);
    // One finger on the picture of a zoomed song moves the picture; in the ruler, and unzoomed, it scrubs.
    const { rows } = this.timeline, inRuler = y < rows.ruler[0] + rows.ruler[1];
    if (touch && view.zoomed && !inRuler && ["scrub", "section", "cue"].includes(found.what)) this.drag.pans = true;
    if (found.what === "scrub" && !touch) {
      this.drag.moved = true;
      transport.seek(view.time(x));
    } // a finger may want to scroll the page
    if (found.what === "overview") this.overview(x);
    this.timeline.busy(true);
  }

  move(event) {
    const { x, y } = this.place(event), finger = this.fingers.get(event.pointerId);
    if (finger) Object.assign(finger, { x, y });
    if (this.pinch) return this.pinched();
    if (!this.drag) return event.pointerType !== "touch" && this.timeline.hover({ x, y, ...this.hit(x, y, false) });
    const { drag } = this;
    if (event.pointerId !== drag.id) return;
    if (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < SLOP) return;
    drag.moved = true;
    this.last = { x, y, unit: this.unit(event) };
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.drag) this.dragged(this.drag, this.last);
    });
  }

  dragged(drag, { x, unit }) {
    const { timeline } = this, { view, store, transport } = timeline, time = view.time(x);
    if (drag.pans) {
      view.show(drag.from - ((x - drag.x) / view.width) * view.span);
      timeline.pannedByHand();
    } else if (drag.what === "boundary") {
      actions.moveBoundary(store, drag.index, time, unit ?? "bar", drag.group);
      timeline.mark(store.cues.sections[drag.index].start_s);
    } else if (drag.what === "cue-edge") {
      actions.movePicture(store, drag.index, time, unit ?? "beat", drag.group);
      timeline.mark(pictures(store.cues)[drag.index].time_s);
    } else if (drag.what === "ruler") {
      this.loop(snapped(store.cues, drag.time_s, unit ?? "bar"), snapped(store.cues, time, unit ?? "bar"));
    } else if (drag.what === "loop-edge") {
      const at = snapped(store.cues, time, unit ?? "bar"), { start_s, end_s } = transport.loop;
      this.loop(drag.edge === "start_s" ? at : start_s, drag.edge === "end_s" ? at : end_s, false);
    } else if (drag.what === "overview") this.overview(x);
    else if (drag.what === "scrub") (transport.scrub ?? transport.seek).call(transport, time);
    timeline.refresh();
  }

  loop(one, other, swap = true) {
    const { transport } = this.timeline, [start_s, end_s] = swap ? [Math.min(one, other), Math.max(one, other)] : [one, other];
    if (end_s - start_s > 0.1) transport.loop = { start_s, end_s };
  }

  up(event, cancelled) {
    this.fingers.delete(event.pointerId);
    if (this.pinch) {
      if (!this.fingers.size) this.pinch = null;
      return this.timeline.busy(this.fingers.size > 0);
    }
    const { drag } = this, { store, transport, view } = this.timeline;
    if (!drag || event.pointerId !== drag.id) return;
    if (this.waiting) {
      cancelAnimationFrame(this.waiting);
      this.waiting = 0;
      if (!cancelled) this.dragged(drag, this.last);
    }
    this.drag = null;
    const x = this.place(event).x;
    if (cancelled) store.abandon();
    else if (drag.moved && drag.what === "scrub" && !drag.pans) transport.seek(view.time(x));
    else if (!drag.moved) this.pressed(drag, x);
    store.settle();
    this.timeline.mark(null);
    this.timeline.busy(false);
  }

  /** A press without a drag. */
  pressed(drag, x) {
    const { store, transport, view } = this.timeline;
    if (drag.what === "section") store.select({ kind: "section", index: drag.index });
    else if (drag.what === "boundary") store.select({ kind: "section", index: drag.index });
    else if (drag.what === "cue" || drag.what === "cue-edge") this.choose(pictures(store.cues)[drag.index]);
    else if (drag.what !== "overview") transport.seek(view.time(x));
  }

  /** Choose a picture's first cue; again, and the next of its layers is chosen. */
  choose(picture) {
    const { store } = this.timeline, at = store.selection?.kind === "cue" ? store.selection.index - picture.from : -1;
    const next = at >= 0 && at < picture.cues.length ? (at + 1) % picture.cues.length : 0;
    store.select({ kind: "cue", index: picture.from + next });
  }

  overview(x) {
    const { view } = this.timeline;
    view.show((x / view.width) * view.duration - view.span / 2);
    this.timeline.pannedByHand();
  }

  twice(event) {
    const { x, y } = this.place(event), found = this.hit(x, y, false), { view, store, transport } = this.timeline;
    const section = found.what === "section" ? store.cues.sections[found.index] : null;
    if (section && !view.zoomed) view.show(section.start_s - 0.05 * (section.end_s - section.start_s), 1.1 * (section.end_s - section.start_s));
    else if (section || found.what === "overview") view.fit();
    else if (found.what === "ruler" && transport.loop) transport.loop = null;
    this.timeline.pannedByHand();
  }

  wheel(event) {
    const { view } = this.timeline, unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 300 : 1;
    const across = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX, along = event.deltaY;
    const pans = event.shiftKey || Math.abs(across) > Math.abs(along);
    const changed = pans && !event.ctrlKey
      ? view.pan((across * unit * view.span) / view.width)
      : view.zoom(Math.exp(clamp(-along * unit * (event.ctrlKey ? 0.01 : 0.0022), -0.7, 0.7)), view.time(this.place(event).x));
    // At its ends the wheel belongs to the page again.
    if (changed || event.ctrlKey || (pans && view.zoomed)) event.preventDefault();
    if (changed) this.timeline.pannedByHand();
  }

  pinchFrom() {
    const [a, b] = [...this.fingers.values()], { view, store } = this.timeline;
    if (this.drag) store.abandon();
    this.drag = null;
    this.pinch = { from: view.from, span: view.span, a: a.x, b: b.x };
  }

  /** Both fingers stay on the moments that they were put on. */
  pinched() {
    const [a, b] = [...this.fingers.values()], { view } = this.timeline, { from, span, a: a0, b: b0 } = this.pinch;
    if (!b) return;
    const ratio = Math.max(8, Math.abs(b.x - a.x)) / Math.max(8, Math.abs(b0 - a0));
    const middle = from + ((a0 + b0) / 2 / view.width) * span, wide = span / ratio;
    view.show(middle - ((a.x + b.x) / 2 / view.width) * wide, wide);
    this.timeline.pannedByHand();
  }

  /** Esc takes a drag back. */
  key(event) {
    if (event.key !== "Escape" || !this.drag) return;
    event.preventDefault();
    event.stopPropagation();
    this.timeline.store.abandon();
    this.drag = null;
    this.timeline.mark(null);
    this.timeline.busy(false);
  }
}
