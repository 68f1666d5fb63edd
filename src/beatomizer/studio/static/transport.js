/* Playing: where the song is, and everything that moves it. Sound leads; without sound (yet) a silent clock does. */

import { SilentClock, SoundClock } from "./page/clock.js";

const SCRUB_MS = 140; // a short piece of sound under a dragging hand

export class Transport extends EventTarget {
  constructor() {
    super();
    this.audio = null;
    this.address = "";
    this.loop_ = null;
    this.muted_ = false;
    this.volume_ = 1;
    this.duration_s = 0;
    this.position_s = 0;
    this.use(new SilentClock(0));
  }

  use(clock) {
    this.clock = clock;
    clock.jumped = () => this.tell("jump");
  }

  tell(name) {
    this.dispatchEvent(new CustomEvent(name));
  }

  /** A new song of `duration_s` seconds, silent until `join`. */
  load(duration_s) {
    this.drop();
    this.duration_s = duration_s;
    this.position_s = 0;
    this.loop_ = null;
    this.use(new SilentClock(duration_s));
    this.tell("seek");
    this.tell("loop");
    this.tell("state");
  }

  /** The song got longer or shorter while it was listened to. */
  resize(duration_s) {
    this.duration_s = this.clock.duration = duration_s;
  }

  drop() {
    this.clock.pause();
    if (!this.audio) return;
    this.audio.removeAttribute("src");
    this.audio.load();
    this.audio = null;
    this.address = "";
  }

  /** Sound that became ready joins where the silent clock is. Resolves when it can be played. */
  join(address) {
    if (this.address === address) return this.joining;
    this.address = address;
    const audio = new Audio();
    audio.preload = "auto";
    audio.muted = this.muted_;
    audio.volume = this.volume_;
    audio.src = address;
    this.joining = new Promise((resolve) => {
      audio.addEventListener("loadeddata", () => resolve(this.take(audio, address)), { once: true });
      audio.addEventListener("error", () => resolve(this.lose(audio, address)));
    });
    return this.joining;
  }

  take(audio, address) {
    if (this.address !== address) return; // another song meanwhile
    const before = this.clock, clock = new SoundClock(audio, this.duration_s);
    const playing = before.playing;
    if (before.estimate > 0) clock.seek(Math.min(before.estimate, this.duration_s));
    before.pause();
    this.audio = audio;
    this.use(clock);
    for (const name of ["play", "pause", "ended", "volumechange"]) audio.addEventListener(name, () => this.tell("state"));
    if (playing) this.play();
    this.tell("sound");
    this.tell("state");
  }

  /** The sound broke off (the server is away, or it cannot be played): the silent clock goes on from here. */
  lose(audio, address) {
    if (this.address !== address) return;
    this.address = ""; // so that it may join again
    if (this.audio === audio) {
      const playing = this.clock.playing, position_s = this.position_s;
      this.audio = null;
      this.use(new SilentClock(this.duration_s));
      this.clock.seek(position_s);
      if (playing) this.clock.play();
    }
    this.tell("fault");
    this.tell("state");
  }

  get hasSound() {
    return this.audio !== null;
  }

  get playing() {
    return this.clock.playing && !this.scrubbing;
  }

  get ended() {
    return this.clock.ended;
  }

  async play() {
    this.stopScrub();
    if (this.ended) this.seek(0);
    try {
      await this.clock.play();
    } catch (error) {
      if (error.name !== "AbortError") this.dispatchEvent(new CustomEvent("refused", { detail: error.message }));
    }
    this.tell("state");
  }

  pause() {
    this.stopScrub();
    this.clock.pause();
    this.tell("state");
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(seconds) {
    this.place(seconds);
    this.tell("seek");
  }

  place(seconds) {
    this.position_s = Math.min(Math.max(0, seconds), Math.max(0, this.duration_s - 0.02));
    this.clock.seek(this.position_s);
  }

  /** Follow a dragging hand, with a short piece of sound at each place. */
  scrub(seconds) {
    const silent = !this.audio || this.playing;
    this.place(seconds);
    this.tell("seek");
    if (silent) return;
    clearTimeout(this.scrubbing);
    this.audio.play().catch(() => {});
    this.scrubbing = setTimeout(() => this.stopScrub(), SCRUB_MS);
  }

  stopScrub() {
    if (!this.scrubbing) return;
    clearTimeout(this.scrubbing);
    this.scrubbing = 0;
    this.audio?.pause();
    this.clock.seek(this.position_s);
  }

  /** {start_s, end_s} that is played over and over, or null. */
  get loop() {
    return this.loop_;
  }

  set loop(range) {
    this.loop_ = range && range.end_s - range.start_s >= 0.25 ? { start_s: range.start_s, end_s: range.end_s } : null;
    this.tell("loop");
  }

  get muted() {
    return this.muted_;
  }

  set muted(on) {
    this.muted_ = on;
    if (this.audio) this.audio.muted = on;
    this.tell("state");
  }

  get volume() {
    return this.volume_;
  }

  set volume(share) {
    this.volume_ = Math.min(1, Math.max(0, share));
    if (this.audio) this.audio.volume = this.volume_;
    this.muted = false;
  }

  /** Where the song is at `now`, for whoever asks between frames; changes nothing. */
  at(now) {
    const passed = this.playing && this.clock.running !== false ? (now - this.clock.last) / 1000 : 0;
    return Math.min(this.duration_s, this.position_s + Math.min(0.25, Math.max(0, passed)));
  }

  /** Once for each drawn frame: seconds into the song at `now`. */
  tick(now) {
    const position = this.clock.position(now);
    const before = this.position_s, loop = this.loop_;
    if (!this.scrubbing) this.position_s = Math.min(position, this.duration_s);
    if (loop && this.playing && before < loop.end_s && this.position_s >= loop.end_s) this.seek(loop.start_s);
    if (this.shownPlaying !== this.playing) {
      this.shownPlaying = this.playing;
      this.tell("state"); // a silent clock that ran out says nothing itself
    }
    return this.position_s;
  }
}
