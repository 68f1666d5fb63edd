/* In and out points: two handles over the ribbon, by key, by hand, or wherever the playhead is. */

import { clamp, clock, onFrame } from "./words.js";

export class TrimHandles extends EventTarget {
  /** `parts`: {strip, in, out, left, right}; `least` the shortest part in seconds. */
  constructor(parts, least) {
    super();
    this.parts = parts;
    this.least = least;
    this.range = [0, 15];
    this.points = null; // [in, out] in seconds from the item's beginning
    for (const [place, handle] of [[0, parts.in], [1, parts.out]]) {
      handle.addEventListener("pointerdown", (event) => this.drag(event, handle, place));
      handle.addEventListener("keydown", (event) => this.key(event, place));
    }
  }

  get length() {
    return this.range[1] - this.range[0];
  }

  open(range, points) {
    this.range = range;
    this.points = points ? [...points] : [0, this.whole];
    this.draw();
  }

  close() {
    this.points = null;
    this.draw();
  }

  get whole() {
    return Math.floor(this.length * 60 + 1e-6) / 60;
  }

  get isWhole() {
    return !this.points || (this.points[0] <= 0.001 && this.points[1] >= onFrame(this.whole) - 0.001);
  }

  /** [in, out] on whole frames, or null if it is everything. */
  get part() {
    return this.isWhole ? null : this.points.map(onFrame);
  }

  set(place, seconds) {
    const [start, end] = this.points;
    this.points[place] = place ? clamp(onFrame(seconds), Math.min(start + this.least, this.whole), this.whole) : clamp(onFrame(seconds), 0, Math.max(0, end - this.least));
    this.draw();
    this.dispatchEvent(new CustomEvent("moved", { detail: this.points[place] + this.range[0] }));
  }

  reset() {
    this.points = [0, this.whole];
    this.draw();
    this.dispatchEvent(new CustomEvent("moved", { detail: null }));
  }

  drag(event, handle, place) {
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }) => {
      const box = this.parts.strip.getBoundingClientRect();
      this.set(place, ((clientX - box.left) / box.width) * this.length);
    };
    handle.addEventListener("pointermove", move);
    const stop = () => handle.removeEventListener("pointermove", move);
    handle.addEventListener("pointerup", stop, { once: true });
    handle.addEventListener("pointercancel", stop, { once: true });
  }

  key(event, place) {
    const steps = { ArrowLeft: -1 / 60, ArrowRight: 1 / 60, ArrowDown: -1 / 60, ArrowUp: 1 / 60, PageDown: -1, PageUp: 1 };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(place, this.points[place] + steps[event.key] * (event.shiftKey ? 10 : 1));
  }

  /** Handles while trimming; the shades also where a part was accepted earlier. */
  draw(shown = null) {
    const points = this.points ?? shown, { in: first, out: last, left, right } = this.parts;
    first.hidden = last.hidden = !this.points;
    left.hidden = right.hidden = !points;
    if (!points) return;
    const [start, end] = points.map((point) => clamp(point / this.length, 0, 1) * 100);
    first.style.left = `${start}%`;
    last.style.left = `${end}%`;
    left.style.width = `${start}%`;
    right.style.width = `${100 - end}%`;
    for (const [handle, value] of [[first, points[0]], [last, points[1]]]) {
      handle.setAttribute("aria-valuemin", "0");
      handle.setAttribute("aria-valuemax", this.length.toFixed(3));
      handle.setAttribute("aria-valuenow", value.toFixed(3));
      handle.setAttribute("aria-valuetext", clock(value, true));
    }
  }
}
