/* Which stretch of the song the timeline shows, and the way between seconds and pixels. */

import { clamp } from "../edits.js";

const SHORTEST_S = 2;

export class View {
  constructor() {
    this.duration = 1;
    this.width = 1;
    this.from = 0;
    this.span = 1;
  }

  setDuration(seconds) {
    const whole = !this.zoomed;
    this.duration = Math.max(0.1, seconds);
    if (whole) this.fit();
    else this.show(this.from, this.span);
  }

  get zoomed() {
    return this.span < this.duration - 1e-6;
  }

  get to() {
    return this.from + this.span;
  }

  x(seconds) {
    return ((seconds - this.from) / this.span) * this.width;
  }

  time(x) {
    return clamp(this.from + (x / this.width) * this.span, 0, this.duration);
  }

  /** Show `span` seconds from `from`, within the song; whether that is something else than before. */
  show(from, span = this.span) {
    const wide = clamp(span, Math.min(SHORTEST_S, this.duration), this.duration);
    const start = clamp(from, 0, this.duration - wide);
    if (Math.abs(start - this.from) < 1e-6 && Math.abs(wide - this.span) < 1e-6) return false;
    [this.from, this.span] = [start, wide];
    return true;
  }

  fit() {
    return this.show(0, this.duration);
  }

  /** Zoom in (factor above 1) or out around a moment, which stays where it is. */
  zoom(factor, seconds) {
    const span = clamp(this.span / factor, Math.min(SHORTEST_S, this.duration), this.duration);
    const share = (seconds - this.from) / this.span;
    return this.show(seconds - share * span, span);
  }

  pan(seconds) {
    return this.show(this.from + seconds);
  }

  /** Bring a stretch into view with a little room beside it. */
  reveal(from, to) {
    if (from >= this.from && to <= this.to) return false;
    const span = Math.max(this.span, (to - from) * 1.1);
    return this.show((from + to) / 2 - span / 2, span);
  }
}
