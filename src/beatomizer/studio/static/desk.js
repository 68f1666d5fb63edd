/* The open project: fetched, followed while it is listened to and designed, and shown. */

import * as api from "./api.js";
import { $, complain, say, sentences } from "./elements.js";
import { notice } from "./notice.js";

const SOUND_WAIT_MS = 2500; // light waits so long for the sound of a new song, then begins alone

const STAGES = { waiting: "Waiting its turn", composing: "Composing a song", audio: "Reading the file", features: "Taking the sound apart", coarse: "A first version",
  listening: "Listening", designing: "Choosing looks and colours", drawing: "Drawing the light", safety: "Checking for safe flashing" };
const stageText = (stage) => STAGES[stage] ?? (stage ? stage.charAt(0).toUpperCase() + stage.slice(1) : "Listening");

export class Desk {
  constructor(store, transport, preview) {
    Object.assign(this, { store, transport, preview });
    this.id = null;
    this.playWhenReady = false;
    this.turn = 0; // answers for an earlier project, or an earlier light, come to nothing
    this.missed = false; // something happened while the project was fetched
    const hears = (id, hear, detail) => id && id === this.id && (this.store.project ? hear(detail) : (this.missed = true));
    const on = (type, hear) => api.socket.addEventListener(type, ({ detail }) => hears(detail.project, hear, detail));
    on("cues", (detail) => this.cues(detail));
    on("show", () => this.light());
    on("sound", () => this.sound());
    on("wave", () => this.wave());
    on("job", (detail) => this.job(detail));
    api.socket.addEventListener("project", ({ detail }) => hears(detail.id, (it) => this.changed(it), detail));
    api.socket.addEventListener("online", () => this.id && this.again());
  }

  /** Show the studio for a song that is on its way. */
  expect(name, play) {
    this.enter();
    this.playWhenReady = play;
    this.work(`Opening ${name}`, null, "");
  }

  /** The studio without a song: live sound lights the stage. */
  goLive() {
    this.enter();
    this.id = "live";
    document.body.classList.add("only-live");
    $("work").hidden = true;
    document.title = "Live · Beatomizer";
  }

  enter() {
    this.leave();
    document.body.classList.remove("at-start", "only-live");
    $("start").hidden = true;
    $("studio").hidden = false;
    this.consent();
  }

  async consent() {
    const light = await notice();
    if (!this.preview.allowed) {
      this.preview.allow(light === "calm");
      document.body.dispatchEvent(new CustomEvent("calm"));
    }
  }

  async open(id, { play = false, name = "the show" } = {}) {
    if (this.id === id) return;
    this.expect(name, play);
    const turn = ++this.turn;
    this.id = id;
    this.missed = false;
    const project = await api.project(id);
    if (turn !== this.turn) return;
    this.store.open(project);
    this.transport.load(project.duration_s || 0);
    this.preview.places = project.stage?.lamps ?? null;
    this.shown();
    if (project.show) this.light();
    if (project.has_sound) this.sound();
    if (project.has_wave) this.wave();
    if (this.missed) this.again();
  }

  leave() {
    this.turn += 1;
    this.id = null;
    this.playWhenReady = false;
    this.litAt = 0;
    this.coarse = "";
    this.transport.pause();
    this.transport.load(0);
    this.store.close();
    this.preview.clear();
    this.chip("coarse", "");
    this.chip("job", "");
  }

  /** Everything once more: the server was away. */
  async again() {
    const turn = this.turn;
    try {
      await this.store.refetch();
      if (turn !== this.turn || !this.store.project) return;
      this.shown();
      if (this.store.project.show) this.light();
      if (this.store.project.has_sound && !this.transport.hasSound) this.sound();
      if (!this.store.wave && this.store.project.has_wave) this.wave();
    } catch (error) {
      if (error.status === 404) this.gone();
      else if (error.status) complain(error);
    }
  }

  gone() {
    this.leave();
    document.body.dispatchEvent(new CustomEvent("home", { detail: "This show was deleted." }));
  }

  async cues({ coarse }) {
    const turn = this.turn;
    await this.store.refetch().catch(complain);
    if (turn !== this.turn || !this.store.project) return;
    this.transport.resize(this.store.cues?.duration_s ?? this.store.project.duration_s);
    if (!coarse && this.coarse) say("The show is refined now");
    this.shown();
    if (!this.store.wave) this.wave();
  }

  async light() {
    const turn = this.turn, ask = (this.asked = {});
    try {
      const { header, light } = await api.light(this.id);
      if (turn !== this.turn || ask !== this.asked || !this.store.project) return; // a newer one is on its way
      this.store.project = { ...this.store.project, show: header.show, report: header.report ?? this.store.project.report };
      this.store.setLight(light);
      this.store.tell("project");
      if (!this.transport.duration_s) this.transport.resize(light.frames / 60);
      this.preview.setLight(light);
      if (!this.preview.allowed && !$("notice").open) this.consent();
      this.litAt ||= performance.now();
      document.body.dispatchEvent(new CustomEvent("lit"));
      this.shown();
    } catch (error) {
      if (error.status && error.status !== 404 && turn === this.turn) complain(error);
    }
  }

  sound() {
    if (this.id) this.transport.join(api.soundAddress(this.id));
  }

  async wave() {
    const turn = this.turn;
    const found = await api.wave(this.id).catch(() => null); // not there yet: an event follows
    if (found && turn === this.turn && !this.store.wave) this.store.setWave(found);
  }

  /** What others did, or the server. */
  changed({ why, name, state, error, coarse, rev }) {
    if (why === "deleted") return this.gone();
    const project = this.store.project;
    if (!project) return;
    this.store.project = { ...project, name: name ?? project.name, state, error, coarse };
    this.store.tell("project");
    this.shown();
    if (rev > project.rev && !this.store.unsaved) this.store.refetch("Change elsewhere").catch(complain);
  }

  /** The stage's own words: what is being done, or why there is no show. */
  shown() {
    const project = this.store.project;
    if (!project) return;
    if (project.state === "failed" && !this.store.light) {
      this.playWhenReady = false;
      $("notice").close(); // nothing flashes
      this.work(`“${project.name}” cannot be lit`, null, sentences(project.error || "this file cannot be read"), true);
    } else if (this.store.light) {
      $("work").hidden = true;
      $("notice-work").textContent = "";
    } else {
      this.work(`Listening to ${project.name || "the song"}`, null, "");
    }
    this.coarse = project.coarse && this.store.light && project.state !== "failed" ? "A first version. Listening more closely" : "";
    this.chip("coarse", this.coarse);
    $("studio-title").textContent = `Light show of ${project.name}`;
    document.title = `${project.name || project.title || "Show"} · Beatomizer`;
  }

  job({ kind, stage, share, state, error, hint }) {
    if (kind === "export" || kind === "find") return;
    if (state === "failed") {
      if (this.store.light) complain({ error: error || "The show could not be made anew", hint });
      return this.again();
    }
    this.chip("job", state === "running" && kind === "redesign" ? `${stageText(stage)}…` : "");
    if (state !== "running") return this.chip("coarse", this.coarse);
    const percent = share > 0 ? ` ${Math.round(share * 100)} %` : "";
    if (!this.store.light) {
      this.work(`Listening to ${this.store.project?.name || "the song"}`, share, stageText(stage));
    } else if (this.coarse) {
      this.chip("coarse", this.coarse + percent);
    }
  }

  work(title, share, text, failed = false) {
    $("work").hidden = false;
    $("work").classList.toggle("failed", failed);
    $("work-title").textContent = title;
    $("work-text").textContent = text;
    $("work-doors").hidden = !failed;
    const bar = $("work-bar");
    bar.hidden = failed;
    if (share > 0) bar.value = share;
    else bar.removeAttribute("value");
    $("notice-work").textContent = failed ? "" : [title, text].filter(Boolean).join(". ");
  }

  /** A small word in the stage's corner. */
  chip(name, text) {
    let chip = document.querySelector(`#chips [data-name="${name}"]`);
    if (!text) return chip?.remove();
    if (!chip) {
      chip = document.createElement("span");
      chip.className = "note";
      chip.dataset.name = name;
      $("chips").append(chip);
    }
    if (chip.textContent !== text) chip.textContent = text;
  }

  /** Each frame: a new song plays by itself once there is light and sound. */
  tick(now) {
    if (!this.playWhenReady || !this.litAt || !this.preview.allowed) return;
    if (!this.transport.hasSound && now - this.litAt < SOUND_WAIT_MS) return;
    this.playWhenReady = false;
    this.transport.play();
  }
}
