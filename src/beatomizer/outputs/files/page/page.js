/* The page: the notice, the controls and the loop that puts clock, light and stage together. */

import { SilentClock, SoundClock } from "./clock.js";
import { FPS, Gate, Glide, Light, bytesOf } from "./light.js";
import { drawRibbon } from "./ribbon.js";
import { Stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const SEEK_S = 5;

function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = String(whole % 60).padStart(2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

class Page {
  constructor(light, clock, audio) {
    this.light = light;
    this.clock = clock;
    this.audio = audio;
    this.stage = new Stage($("light-canvas"), $("scene-canvas"), facts.zones);
    this.gate = new Gate();
    this.reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.calm = new Glide(this.reduced.matches);
    this.colors = new Float32Array(light.values);
    this.held = null; // the last colours before a jump, shown while the gate closes
    this.started = false;
    this.drawn = []; // [frame, audio time, now] of the latest frames, for measuring
    clock.jumped = () => this.hold();
  }

  // --- light -------------------------------------------------------------------------------------------------

  hold() {
    if (!this.held && this.gate.value > 0) this.held = this.colors.slice();
    this.gate.dip(performance.now());
  }

  tick(now) {
    const position = this.clock.position(now);
    this.gate.ended = this.started && this.clock.ended;
    const level = this.gate.step(now);
    const calm = this.calm.step(now);
    if (this.held && level === 0) this.held = null;
    const frame = this.light.frameAt(position);
    if (this.started) {
      if (!this.held) this.light.colors(position, calm, this.colors);
      this.stage.draw(this.held || this.colors, level);
      this.stage.keepUp(now - this.ticked);
      if (this.clock.playing) {
        this.drawn.push([frame, this.audio ? this.audio.currentTime : position, now]);
        if (this.drawn.length > 900) this.drawn.splice(0, 300);
      }
    }
    this.ticked = now;
    this.frame = frame;
    this.position = position;
    this.showPosition(position);
    requestAnimationFrame((next) => this.tick(next));
  }

  /** Before the show: a still of its most colourful moment. A still cannot flash. */
  drawPoster() {
    let best = -1, at = 0;
    for (let frame = 0; frame < this.light.frames; frame += 15) {
      this.light.colors(frame / FPS, 0, this.colors);
      let sum = 0;
      for (let i = 0; i < this.light.values; i += 3) {
        const [r, g, b] = this.colors.slice(i, i + 3);
        sum += Math.max(r, g, b) - Math.min(r, g, b);
      }
      if (sum > best) [best, at] = [sum, frame];
    }
    this.light.colors(at / FPS, 0, this.colors);
    this.stage.draw(this.colors, 1);
  }

  // --- commands ----------------------------------------------------------------------------------------------

  start(calm, byMouse) {
    if (this.started) return;
    this.started = true;
    this.calm.on = calm;
    this.calm.value = this.calm.target = calm ? 1 : 0;
    this.gate.dip(performance.now());
    $("notice").hidden = true;
    $("chrome").inert = false;
    document.body.classList.add("started");
    this.showCalm();
    this.toggle();
    if (!byMouse) $("play").focus({ preventScroll: true });
  }

  toggle() {
    if (this.clock.playing) {
      this.clock.pause();
    } else {
      if (this.clock.ended) this.seek(0);
      this.clock.play().catch((error) => this.say(`The sound does not start: ${error.message}`));
    }
    this.showPlaying();
  }

  seek(seconds) {
    this.hold();
    this.clock.seek(Math.min(Math.max(0, seconds), facts.duration_s));
  }

  blackout() {
    this.gate.blackout = !this.gate.blackout;
    $("blackout").setAttribute("aria-pressed", String(this.gate.blackout));
    this.say(this.gate.blackout ? "Blackout" : "Light again");
  }

  switchCalm() {
    this.calm.on = !this.calm.on;
    this.showCalm();
    this.say(this.calm.on ? "Calm light" : "Full light");
  }

  mute() {
    if (!this.audio) return;
    this.audio.muted = !this.audio.muted;
  }

  async fullscreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen();
    } catch {
      this.say("This browser does not allow fullscreen here");
    }
  }

  help() {
    const help = $("help");
    if (help.open) help.close();
    else help.showModal();
  }

  // --- what is shown -----------------------------------------------------------------------------------------

  /** Tell screen readers, and eyes for two seconds. */
  say(text) {
    $("status").textContent = text;
    $("status").classList.add("shown");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => $("status").classList.remove("shown"), 2000);
  }

  showPlaying() {
    const playing = this.clock.playing;
    if (this.shownPlaying === playing) return;
    this.shownPlaying = playing;
    document.body.classList.toggle("playing", playing);
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  showCalm() {
    $("calm-switch").setAttribute("aria-pressed", String(this.calm.on));
  }

  showPosition(position) {
    this.showPlaying();
    const share = Math.min(1, position / facts.duration_s);
    $("played").style.transform = `scaleX(${1 - share})`;
    $("head").style.left = `${share * 100}%`;
    const text = clockText(position);
    if (text === this.shownTime) return;
    this.shownTime = text;
    $("time").textContent = `${text} / ${clockText(facts.duration_s)}`;
    const section = facts.sections.find((part) => position >= part.start_s && position < part.end_s);
    $("seek").value = String(position);
    $("seek").setAttribute("aria-valuetext", `${text} of ${clockText(facts.duration_s)}${section ? ", " + section.shown : ""}`);
  }

  resize() {
    const bar = $("controls").getBoundingClientRect(), top = $("credits").getBoundingClientRect();
    const below = window.innerHeight - bar.top;
    this.stage.resize(window.innerWidth, window.innerHeight, top.bottom, below);
    drawRibbon($("ribbon"), this.light, facts.sections, facts.duration_s);
    if (this.started) this.stage.draw(this.held || this.colors, this.gate.value);
    else this.drawPoster();
  }

  // --- wiring ------------------------------------------------------------------------------------------------

  listen() {
    $("start-full").addEventListener("click", (event) => this.start(false, event.detail > 0));
    $("start-calm").addEventListener("click", (event) => this.start(true, event.detail > 0));
    $("play").addEventListener("click", () => this.toggle());
    $("blackout").addEventListener("click", () => this.blackout());
    $("calm-switch").addEventListener("click", () => this.switchCalm());
    $("full").addEventListener("click", () => this.fullscreen());
    $("help-button").addEventListener("click", () => this.help());
    $("seek").addEventListener("input", () => this.seek(Number($("seek").value)));
    this.reduced.addEventListener("change", () => {
      if (this.calm.on !== this.reduced.matches) this.switchCalm();
      this.markDefault();
    });
    if (this.audio) this.listenToSound();
    window.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("resize", () => this.resize());
    // A button clicked with the mouse gives the focus back, so that Space means play and pause again.
    $("controls").addEventListener("click", (event) => event.detail && document.activeElement.blur());
    for (const name of ["pointermove", "pointerdown", "keydown"]) window.addEventListener(name, () => this.wake());
  }

  listenToSound() {
    const audio = this.audio;
    $("mute").addEventListener("click", () => this.mute());
    $("volume").addEventListener("input", () => {
      audio.volume = Number($("volume").value);
      audio.muted = false;
    });
    audio.addEventListener("volumechange", () => {
      const off = audio.muted || audio.volume === 0;
      document.body.classList.toggle("muted", off);
      $("mute").setAttribute("aria-label", off ? "Unmute" : "Mute");
    });
    audio.addEventListener("error", () => this.say("This browser cannot play the song's sound"));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.started || ($("help").open && !"?bB".includes(event.key))) return; // blackout works everywhere
    const target = event.target;
    const once = (action) => () => event.repeat || action();
    const commands = {
      " ": once(() => this.toggle()),
      b: once(() => this.blackout()),
      c: once(() => this.switchCalm()),
      f: once(() => this.fullscreen()),
      m: once(() => this.mute()),
      "?": once(() => this.help()),
      arrowleft: () => this.seek(this.clock.estimate - SEEK_S),
      arrowright: () => this.seek(this.clock.estimate + SEEK_S),
      home: () => this.seek(0),
      end: () => this.seek(facts.duration_s),
    };
    const name = event.key.toLowerCase();
    if (!(name in commands)) return;
    if (name === " " && target.tagName === "BUTTON") return; // Space presses the button that has the focus
    if (target.id === "volume" && (name.startsWith("arrow") || name === "home" || name === "end")) return;
    event.preventDefault();
    commands[name]();
  }

  /** In fullscreen the controls leave after three quiet seconds; any move or key brings them back. */
  wake() {
    document.body.classList.remove("idle");
    clearTimeout(this.sleeping);
    this.sleeping = setTimeout(() => {
      if (document.fullscreenElement && this.clock.playing && !$("help").open) document.body.classList.add("idle");
    }, 3000);
  }

  markDefault() {
    const calm = this.reduced.matches;
    $("start-full").classList.toggle("primary", !calm);
    $("start-calm").classList.toggle("primary", calm);
    $("reduced").hidden = !calm;
    if (!this.started) (calm ? $("start-calm") : $("start-full")).focus({ preventScroll: true });
  }
}

async function main() {
  const light = await Light.unpacked(bytesOf("light"), bytesOf("calm"), facts);
  let audio = null, clock;
  if (facts.sound) {
    audio = new Audio();
    audio.preload = "auto";
    audio.src = URL.createObjectURL(new Blob([bytesOf("sound")], { type: facts.sound }));
    clock = new SoundClock(audio, facts.duration_s);
  } else {
    clock = new SilentClock(facts.duration_s);
    $("mute").hidden = $("volume").hidden = true;
  }
  const page = new Page(light, clock, audio);
  $("seek").max = String(facts.duration_s);
  page.listen();
  page.resize();
  for (const id of ["start-full", "start-calm"]) $(id).disabled = false;
  page.markDefault();
  requestAnimationFrame((now) => page.tick(now));
  window.beatomizerProbe = { page, Gate, Glide }; // for tests and the curious
}

main().catch((error) => {
  $("trouble").hidden = false;
  $("trouble").textContent = `This browser cannot open the show (${error.message}). A current one can.`;
});
