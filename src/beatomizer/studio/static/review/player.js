/*
 * One sound for everything that is heard here, and the position that all pictures follow. Times are seconds of the take.
 * Ways to play, best first: "media" (the take's own file), "film" (a clip's pictures made playable by the server),
 * "sound" (a clip's sound from the set), "none". A way that fails gives way to the next one.
 */

import { CLIP_S, clamp } from "./words.js";

const WAYS = ["media", "film", "sound", "none"];

export class Player extends EventTarget {
  constructor(video) {
    super();
    this.video = video;
    this.take = null;
    this.range = [0, CLIP_S];
    this.way = "none";
    this.clip = -1; // the number of the clip whose file is open
    this.failed = new Map(); // take → the first way that may still work
    this.wanted = null; // a position that the element has not reached yet
    this.playing = false;
    this.rate = 1;
    video.addEventListener("loadedmetadata", () => this.loaded());
    video.addEventListener("seeked", () => this.reached());
    video.addEventListener("error", () => this.take && this.worse());
    video.addEventListener("ended", () => this.ended());
  }

  /** Show a part of a take from its beginning (or `at`); goes on playing if it was. */
  open(take, range, at = range[0]) {
    const other = this.take !== take;
    this.take = take;
    this.range = range;
    if (other) {
      this.clip = -1;
      this.use(this.failed.get(take.id) ?? this.best());
    }
    this.seek(at);
    this.tell("way");
  }

  best() {
    if (this.take.media) return "media";
    return this.take.clips.length ? "sound" : "none";
  }

  use(way) {
    this.way = way;
    this.clip = -1;
    this.wanted = null;
    this.video.removeAttribute("src");
    if (way === "media") this.load(`/api/review/takes/${this.take.id}/media`);
  }

  load(path) {
    this.video.src = path;
    this.video.playbackRate = this.rate;
    this.video.load();
  }

  /** This way does not work for this take: the next one. */
  worse() {
    const at = this.position;
    let next = WAYS[WAYS.indexOf(this.way) + 1] ?? "none";
    if (next === "film" && this.take.media !== "video") next = "sound";
    if (!this.take.clips.length) next = "none";
    this.failed.set(this.take.id, next);
    this.use(next);
    this.seek(at);
    this.tell("way");
  }

  loaded() {
    if (this.way === "media" && this.take.media === "video" && !this.video.videoWidth) return this.worse();
    if (this.wanted !== null) this.video.currentTime = this.inside(this.wanted);
    this.tell("way");
    if (this.playing) this.start();
  }

  reached() {
    if (this.wanted !== null && Math.abs(this.video.currentTime - this.inside(this.wanted)) < 0.25) this.wanted = null;
  }

  /** The element's own time of a moment. */
  inside(position) {
    return this.way === "media" ? position + this.take.start_s : position - this.clip * CLIP_S;
  }

  get position() {
    if (this.wanted !== null || this.way === "none") return this.wanted ?? this.range[0];
    const time = this.video.currentTime;
    return this.way === "media" ? time - this.take.start_s : time + this.clip * CLIP_S;
  }

  seek(position) {
    position = clamp(position, this.range[0], Math.max(this.range[0], this.range[1] - 0.001));
    this.wanted = position;
    if (this.way === "film" || this.way === "sound") this.need(position);
    if (this.video.readyState > 0) this.video.currentTime = this.inside(position);
    if (this.playing) this.start();
    this.tell("seek");
  }

  /** The file of the clip that a moment lies in. */
  need(position) {
    const number = Math.floor(position / CLIP_S + 1e-9);
    if (number === this.clip) return;
    const clip = this.take.clips.find((one) => one.number === number);
    if (!clip) return;
    this.clip = number;
    this.load(`/api/review/clips/${clip.key}/${this.way}`);
    const next = this.take.clips.find((one) => one.number === number + 1);
    if (next && this.way === "film") fetch(`/api/review/clips/${next.key}/film`, { method: "HEAD" }).catch(() => {});
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    this.playing = true;
    if (this.position > this.range[1] - 0.05) this.seek(this.range[0]);
    this.start();
    this.tell("state");
  }

  pause() {
    this.playing = false;
    this.video.pause();
    this.tell("state");
  }

  start() {
    if (this.way === "none" || !this.video.getAttribute("src")) return;
    this.video.play().catch((error) => {
      if (error.name === "NotAllowedError") this.pause();
    });
  }

  /** Called for each picture of the page: at the end of the range it begins again. */
  keepInside() {
    if (!this.playing || this.wanted !== null) return;
    if (this.position >= this.range[1] - 0.01 || this.position < this.range[0] - 0.5) this.seek(this.range[0]);
  }

  ended() {
    if (!this.playing) return;
    const next = this.way === "media" ? this.range[0] : (this.clip + 1) * CLIP_S;
    this.seek(next < this.range[1] - 0.05 ? next : this.range[0]);
  }

  setRate(rate) {
    this.rate = rate;
    this.video.playbackRate = rate;
  }

  tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
