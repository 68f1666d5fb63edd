/*
 * One sound for everything that is heard here, and the position that all pictures follow. Times are seconds of the take.
 * Ways to play: "media", the take's own file; where that is not there or cannot be played "clips", the sound of one clip
 * after the other, and, as soon as the server has made them, films with that sound; "none" where there are no clips.
 */

import { CLIP_S, clamp } from "./words.js";

export class Player extends EventTarget {
  constructor(video) {
    super();
    this.video = video;
    this.take = null;
    this.range = [0, CLIP_S];
    this.way = "none";
    this.clip = null; // whose file is open, in the way "clips"
    this.film = false; // whether that file is a film
    this.unplayable = new Set(); // takes whose own file cannot be played here
    this.films = new Map(); // a clip's key → "asked", "ready" or "none"
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
    if (other) this.use(this.best());
    this.seek(at);
    this.tell("way");
  }

  best() {
    if (this.take.media && !this.unplayable.has(this.take.id)) return "media";
    return this.take.clips.length ? "clips" : "none";
  }

  use(way) {
    this.way = way;
    this.clip = null;
    this.film = false;
    this.wanted = null;
    this.video.removeAttribute("src");
    if (way === "media") this.load(`/api/review/takes/${this.take.id}/media`);
  }

  /** Whether there is a moving picture to be seen. */
  get moving() {
    return this.way === "media" ? this.take.media === "video" : this.film;
  }

  load(path) {
    this.video.src = path;
    this.video.playbackRate = this.rate;
    this.video.load();
  }

  /** This way does not work for this take: the next one. */
  worse() {
    const at = this.position;
    if (this.way === "clips" && this.film) {
      this.films.set(this.clip.key, "none");
      this.openClip(this.clip, at);
    } else if (this.way === "media") {
      this.unplayable.add(this.take.id);
      this.use(this.best());
      this.seek(at);
    } else this.use("none");
    this.tell("way");
  }

  loaded() {
    if (this.way === "media" && this.take.media === "video" && !this.video.videoWidth) return this.worse();
    if (this.wanted !== null) this.video.currentTime = this.inside(this.wanted);
    this.tell("way");
    if (this.playing) this.start();
  }

  reached() {
    if (!this.video.seeking) this.wanted = null;
  }

  /** The element's own time of a moment. */
  inside(position) {
    return this.way === "media" ? position + this.take.start_s : position - this.clip.number * CLIP_S;
  }

  get position() {
    if (this.wanted !== null || this.way === "none" || (this.way === "clips" && !this.clip)) return this.wanted ?? this.range[0];
    const time = this.video.currentTime;
    return this.way === "media" ? time - this.take.start_s : time + this.clip.number * CLIP_S;
  }

  seek(position) {
    position = clamp(position, this.range[0], Math.max(this.range[0], this.range[1] - 0.001));
    this.wanted = position;
    if (this.way === "clips") this.need(position);
    if (this.video.readyState > 0 && (this.way === "media" || this.clip)) this.video.currentTime = this.inside(position);
    if (this.playing) this.start();
    this.tell("seek");
  }

  /** The file of the clip that a moment lies in. */
  need(position) {
    const number = Math.floor(position / CLIP_S + 1e-9);
    if (number === this.clip?.number) return;
    const clip = this.take.clips.find((one) => one.number === number);
    if (clip) this.openClip(clip, position);
  }

  openClip(clip, position) {
    this.clip = clip;
    this.film = this.films.get(clip.key) === "ready";
    this.wanted = position;
    this.load(`/api/review/clips/${clip.key}/${this.film ? "film" : "sound"}`);
    if (this.take.media !== "video") return;
    this.ask(clip);
    const next = this.take.clips.find((one) => one.number === clip.number + 1);
    if (next) this.ask(next);
  }

  /** Have a clip's film made; when it is there, and still wanted, it takes the place of the sound. */
  async ask(clip) {
    if (this.films.has(clip.key)) return;
    this.films.set(clip.key, "asked");
    const answer = await fetch(`/api/review/clips/${clip.key}/film`, { headers: { Range: "bytes=0-0" } }).catch(() => ({ ok: false }));
    if (answer.ok) await answer.arrayBuffer().catch(() => {});
    this.films.set(clip.key, answer.ok ? "ready" : "none");
    if (answer.ok && this.way === "clips" && this.clip === clip) this.openClip(clip, this.position);
    this.tell("way");
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
    const next = this.way === "media" ? this.range[0] : (this.clip.number + 1) * CLIP_S;
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
