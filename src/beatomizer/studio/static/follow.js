/* What lamps follow: where this page's song is, told in the server's time, several times a second. */

const PING_MS = 4000, FIRST_PINGS = 6, KEPT = 8, SAY_MS = 150, LEAST_MS = 50;

/** The server's clock as this page knows it: of the last pings, the one that came back soonest is believed. */
export class ServerClock {
  constructor(socket) {
    this.socket = socket;
    this.pings = [];
    socket.addEventListener("pong", ({ detail }) => this.hear(detail));
    socket.addEventListener("online", () => this.greet());
    setInterval(() => this.ping(), PING_MS);
    this.greet();
  }

  greet() {
    this.pings = []; // another server may have another clock
    for (let i = 0; i < FIRST_PINGS; i++) setTimeout(() => this.ping(), 120 * i);
  }

  ping() {
    this.socket.send({ type: "ping", t: performance.now() });
  }

  hear({ t, now_ms }) {
    const now = performance.now(), delay = now - t;
    if (!(delay >= 0 && delay < 5000)) return;
    this.pings.push({ delay, ahead: now_ms - (t + delay / 2), at: now });
    if (this.pings.length > KEPT) this.pings.shift();
  }

  /** The server's time at a moment of performance.now(); null before the first pong. */
  at(now) {
    if (!this.pings.length) return null;
    return now + this.pings.reduce((best, ping) => (ping.delay < best.delay ? ping : best)).ahead;
  }
}

/** Says where the song is while it is wanted. `where(now)` gives {project, position_s, playing}, or null for nothing. */
export class Follow {
  constructor(socket, clock, where) {
    Object.assign(this, { socket, clock, where });
    this.timer = this.said = 0;
  }

  set wanted(on) {
    if (on === (this.timer !== 0)) return;
    clearInterval(this.timer);
    this.timer = on ? setInterval(() => this.say(), SAY_MS) : 0;
    if (on) this.say();
  }

  get wanted() {
    return this.timer !== 0;
  }

  say() {
    if (!this.timer) return;
    const now = performance.now(), here = this.where(now);
    if (now - this.said < LEAST_MS) return; // a dragging hand seeks with every move
    this.said = now;
    if (here) this.socket.send({ type: "position", ...here, now_ms: this.clock.at(now) });
  }
}

const CLICK_HZ = 1800, CLICK_S = 0.03, AHEAD_S = 1.2, MINUTE_S = 60;

/** A click each second, to hear whether a lamp's flash falls on it. */
export class Clicks {
  start() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    this.context.resume();
    this.zero = this.context.currentTime + 0.3;
    this.next = 0;
    this.timer = setInterval(() => this.plan(), 250);
    this.plan();
  }

  stop() {
    clearInterval(this.timer);
    this.context?.close();
    this.context = null;
  }

  plan() {
    while (this.zero + this.next < this.context.currentTime + AHEAD_S) this.click(this.zero + this.next++);
  }

  click(at) {
    const tone = this.context.createOscillator(), gain = this.context.createGain();
    tone.frequency.value = CLICK_HZ;
    gain.gain.setValueAtTime(0.5, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + CLICK_S);
    tone.connect(gain).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + CLICK_S);
  }

  /** Seconds since the first click as they are heard at `now`. */
  position(now) {
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    const heard = performanceTime > 0 ? contextTime + (now - performanceTime) / 1000 : this.context.currentTime - (this.context.outputLatency || 0);
    const passed = heard - this.zero;
    return passed < 0 ? passed : passed % MINUTE_S;
  }
}
