/* The clock: where in the song the ear is now. Sound leads; light follows it. */

/**
 * Follows an audio element. Its currentTime is what is heard (browsers take the known output latency out of it), but
 * some report it in coarse steps; between them performance.now() carries on, pulled gently towards it.
 */
export class SoundClock {
  constructor(audio, duration) {
    this.audio = audio;
    this.duration = duration;
    this.running = false;
    this.estimate = 0;
    this.stuckAt = 0;
    this.last = 0;
    this.jumped = () => {};
    audio.addEventListener("playing", () => {
      this.running = true;
      this.stuckAt = this.estimate = audio.currentTime;
    });
    for (const name of ["pause", "waiting", "seeking", "ended", "emptied"]) {
      audio.addEventListener(name, () => (this.running = false));
    }
    audio.addEventListener("seeked", () => {
      if (!audio.paused) this.running = true;
      this.stuckAt = this.estimate = audio.currentTime;
    });
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  get ended() {
    return this.audio.ended;
  }

  play() {
    return this.audio.play();
  }

  pause() {
    this.audio.pause();
  }

  seek(seconds) {
    this.audio.currentTime = seconds;
    this.estimate = seconds;
  }

  /** Seconds into the song at `now` (performance.now()). */
  position(now) {
    const passed = (now - this.last) / 1000;
    this.last = now;
    const heard = this.audio.currentTime;
    if (!this.running || heard === this.stuckAt) return (this.estimate = heard);
    this.stuckAt = -1;
    const ahead = this.estimate + passed;
    const error = heard - ahead;
    if (Math.abs(error) > 0.12) {
      this.jumped(); // the sound skipped, or this tab slept
      return (this.estimate = heard);
    }
    // At most a tenth faster or slower than time: light that hurries flashes faster than the show that was checked.
    this.estimate = ahead + Math.sign(error) * Math.min(Math.abs(error) * 0.2, passed * 0.1);
    return this.estimate;
  }
}

/** Time by itself, for shows without sound. The same interface. */
export class SilentClock {
  constructor(duration) {
    this.duration = duration;
    this.playing = false;
    this.estimate = 0;
    this.last = 0;
    this.jumped = () => {};
  }

  get ended() {
    return this.estimate >= this.duration;
  }

  play() {
    if (this.ended) this.estimate = 0;
    this.playing = true;
    return Promise.resolve();
  }

  pause() {
    this.playing = false;
  }

  seek(seconds) {
    this.estimate = seconds;
  }

  position(now) {
    const passed = Math.min(0.25, (now - this.last) / 1000); // a tab that slept goes on where it was
    this.last = now;
    if (this.playing) this.estimate = Math.min(this.duration, this.estimate + passed);
    if (this.ended) this.playing = false;
    return this.estimate;
  }
}
