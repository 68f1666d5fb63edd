/* The stage preview: which colours are drawn now, with the speed of hands taken out of every change.

   While the show plays, a jump or another light goes through the dark (Gate). While it stands, the stage glides to what
   it is pointed at, at most every 0.4 s: scrubbing and editing are seen at once and cannot flash. */

import { Gate, Glide } from "./page/light.js";
import { Stage } from "./page/stage.js";

const LOOK_MS = 400;

/** Glides to the colours it was last pointed at, looking at most every LOOK_MS. */
class Still {
  constructor() {
    this.lookedAt = -Infinity;
    this.from = this.to = null;
  }

  /** Begin at what is shown now. */
  start(colors) {
    this.from = colors.slice();
    this.to = colors.slice();
    this.lookedAt = -Infinity;
  }

  get done() {
    return this.share >= 1;
  }

  step(now, wanted, out) {
    if (now - this.lookedAt >= LOOK_MS && wanted.some((value, i) => Math.abs(value - this.to[i]) > 0.5)) {
      this.from.set(out);
      this.to.set(wanted);
      this.lookedAt = now;
    }
    this.share = Math.min(1, (now - this.lookedAt) / LOOK_MS);
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.sqrt(this.from[i] ** 2 + (this.to[i] ** 2 - this.from[i] ** 2) * this.share); // nearly as light
    }
  }
}

export class Preview extends EventTarget {
  constructor(lightCanvas, sceneCanvas) {
    super();
    this.canvases = [lightCanvas, sceneCanvas];
    this.element = lightCanvas.parentElement;
    this.gate = new Gate();
    this.calm = new Glide(false);
    this.still = new Still();
    this.stage = null;
    this.light = this.next = this.live = this.nextLive = null;
    this.allowed = false; // nothing moves before the notice is answered
    this.source = "project";
    this.width = this.height = 0;
  }

  get zones() {
    return this.stage ? this.stage.zones : 0;
  }

  /** Take a light (page/light.js) to show; a light that is shown already is changed for it in the dark or in a glide. */
  setLight(light) {
    if (!this.light || !light || !this.allowed) {
      this.light = light;
      this.next = null;
      if (light && this.source === "project") this.build(light.values / 3);
      if (light) this.drawPoster();
      return;
    }
    this.next = light;
    const same = light.values === this.light.values && this.source === "project";
    if (same && !this.moving) this.swap();
    else this.hold();
  }

  /** No project. */
  clear() {
    this.showProject();
    this.light = this.next = this.stage = this.held = null;
    this.gate.value = 0;
    this.places = null;
  }

  swap() {
    if (this.next) this.light = this.next;
    this.next = null;
    if (this.nextLive) [this.live, this.nextLive] = [this.nextLive, null];
    this.source = this.wantedSource ?? this.source;
    this.build(this.source === "live" ? this.live.zones : this.light ? this.light.values / 3 : this.zones);
  }

  /** Show colours that come from live light: uint8 or float, [zones * 3]. */
  showLive(colors, zones) {
    if (this.source === "live" && this.live.zones === zones) {
      this.live.colors.set(colors);
      return;
    }
    this.nextLive = { colors: Float32Array.from(colors), zones };
    if (this.wantedSource === "live") return;
    this.wantedSource = "live";
    this.leave();
  }

  /** Show the open project's light again. */
  showProject() {
    if ((this.wantedSource ?? this.source) === "project") return;
    this.wantedSource = "project";
    this.nextLive = null;
    this.leave();
  }

  leave() {
    if (this.stage && this.gate.value > 0) this.hold();
    else this.swap();
  }

  /** Keep the last colours while the gate closes: the place in the song changed, or the light. */
  hold() {
    if (!this.held && this.gate.value > 0 && this.colors) this.held = this.colors.slice();
    this.gate.dip(performance.now());
  }

  /** After a seek: in the dark while the show plays, in a glide while it stands. */
  jump() {
    if (this.moving) this.hold();
  }

  build(zones) {
    if (!zones) return;
    const same = this.stage && this.stage.zones === zones;
    if (same && this.builtFor === this.source) return;
    this.builtFor = this.source;
    if (!same) {
      const quality = this.stage ? this.stage.quality : 1;
      this.stage = new Stage(...this.canvases, zones);
      this.stage.quality = quality;
      this.colors = new Float32Array(zones * 3);
      this.wanted = new Float32Array(zones * 3);
      this.still.start(this.colors);
    }
    this.stage.places = this.placesFor();
    this.resize(true);
  }

  /** Where lamps hang: [[x, y] …] or null for a row. */
  setPlaces(places) {
    this.places = places;
    if (!this.stage) return;
    this.stage.place(this.placesFor());
    this.dirty = true;
    this.dispatchEvent(new CustomEvent("lamps"));
  }

  placesFor() {
    const fit = this.places && this.stage && this.places.length === this.stage.lamps.length && this.source === "project";
    return fit ? this.places.map((place) => [...place]) : [];
  }

  resize(anyway = false) {
    const { clientWidth, clientHeight } = this.element;
    if (!this.stage || !clientWidth || !clientHeight) return;
    if (!anyway && clientWidth === this.width && clientHeight === this.height) return;
    [this.width, this.height] = [clientWidth, clientHeight];
    this.stage.resize(clientWidth, clientHeight, 0, 0);
    this.dirty = true;
    this.dispatchEvent(new CustomEvent("lamps"));
  }

  /** Begin: the notice was answered. */
  allow(calm) {
    this.allowed = true;
    this.calm.on = calm;
    this.calm.value = this.calm.target = calm ? 1 : 0;
    this.gate.dip(performance.now());
    this.held = this.stage ? this.colors.slice() : null;
  }

  /** A still of the most colourful moment, rather dark. A still cannot flash. */
  drawPoster() {
    if (!this.stage || !this.light || this.allowed) return;
    let best = -1, at = 0;
    for (let frame = 0; frame < this.light.frames; frame += 20) {
      this.light.colors(frame / 60, 0, this.colors);
      let sum = 0;
      for (let i = 0; i < this.light.values; i += 3) {
        sum += Math.max(...this.colors.subarray(i, i + 3)) - Math.min(...this.colors.subarray(i, i + 3));
      }
      if (sum > best) [best, at] = [sum, frame];
    }
    this.light.colors(at / 60, 0, this.colors);
    this.stage.draw(this.colors, 0.8);
  }

  /** Draw the frame for `position` seconds; gives its number. */
  tick(now, position, playing, ended) {
    if (!this.stage || !this.allowed) return -1;
    const moved = playing || this.source === "live";
    if (moved && !this.moving && !this.still.done && this.still.to) this.hold();
    if (!moved && this.moving) this.still.start(this.colors);
    this.moving = moved;
    this.gate.ended = this.source === "project" && (ended || !this.light);
    const level = this.gate.step(now), calm = this.calm.step(now);
    if (level === 0) {
      if (this.next || (this.wantedSource && this.wantedSource !== this.source)) this.swap();
      if (this.held) this.still.start(this.colors);
      this.held = null;
    }
    const frame = this.source === "live" ? 0 : this.fill(now, position, calm);
    if (this.source === "live") this.colors.set(this.live.colors);
    const shown = this.held && this.held.length === this.colors.length ? this.held : this.colors;
    this.drawIfNew(shown, level);
    if (this.last && moved) this.stage.keepUp(now - this.last);
    this.last = now;
    return frame;
  }

  fill(now, position, calm) {
    if (!this.light) return -1;
    if (this.moving) return this.light.colors(position, calm, this.colors);
    const frame = this.light.colors(position, calm, this.wanted);
    this.still.step(now, this.wanted, this.colors);
    return frame;
  }

  /** A stage that stands still costs nothing. */
  drawIfNew(colors, level) {
    if (!this.drawn || this.drawn.length !== colors.length) [this.drawn, this.dirty] = [new Float32Array(colors.length), true];
    if (!this.dirty && level === this.drawnLevel && colors.every((value, i) => value === this.drawn[i])) return;
    this.drawn.set(colors);
    this.drawnLevel = level;
    this.dirty = false;
    this.stage.draw(colors, level);
  }
}
