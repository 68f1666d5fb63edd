/* The studio's page: makes the parts, joins them, and runs the loop that puts clock, light, stage and timeline together. */

import * as actions from "./actions.js";
import * as api from "./api.js";
import { mountControls } from "./controls.js";
import { Desk } from "./desk.js";
import { stepped } from "./edits.js";
import { $, complain, say, toggled } from "./elements.js";
import { mountExports } from "./exports.js";
import { mountInspector } from "./inspector.js";
import { listenToKeys } from "./keys.js";
import { mountLamps } from "./lamps.js";
import { mountPlaybar, switchLoop } from "./playbar.js";
import { Preview } from "./preview.js";
import { mountStart } from "./start.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline/timeline.js";
import { Transport } from "./transport.js";

const SEEK_S = 5;
const TABS = ["show", "cue", "lights", "live"];

const store = new Store(), transport = new Transport();
const preview = new Preview($("light-canvas"), $("scene-canvas"));
const desk = new Desk(store, transport, preview);
const measures = { drawn: [], frames: [] }; // the latest frames: [number, the sound's time, now] and milliseconds between them
window.beatomizer = { store, transport, stage: preview, desk, measures };

let about, start, timeline, showPlaybar, exporting, controls;

// --- coming and going ------------------------------------------------------------------------------------------

function home(text = "") {
  if (location.hash.length > 1) history.pushState(null, "", location.pathname);
  desk.leave();
  document.body.classList.add("at-start");
  $("start").hidden = false;
  $("studio").hidden = true;
  document.title = "Beatomizer studio";
  start.show();
  refreshList();
  if (text) say(text);
}

async function refreshList() {
  try {
    start.list(await api.projects());
  } catch (error) {
    if (error.status) complain(error);
  }
}

async function open(id, options = {}) {
  start.hide();
  if (document.body.classList.contains("only-live")) selectTab("show");
  const name = start.projects.find((one) => one.id === id)?.name;
  try {
    if (location.hash !== `#project=${id}`) history.pushState(null, "", `#project=${id}`);
    await desk.open(id, { name, ...options });
    $("play").focus({ preventScroll: true });
  } catch (error) {
    home();
    complain(error.status === 404 ? { error: "There is no such show any more." } : error, $("start-trouble"));
  }
}

function goLive() {
  start.hide();
  if (location.hash !== "#live") history.pushState(null, "", "#live");
  desk.goLive();
  selectTab("live");
  $("tab-live").click();
}

/** The address says which project is open: back and forward work, a bookmark does too. */
function route() {
  const id = /^#project=([a-z0-9]{12})$/.exec(location.hash)?.[1];
  if (id) open(id);
  else if (location.hash === "#live") goLive();
  else home();
}

/** Songs that were dropped or chosen: the first is opened, the others are sent meanwhile. A picture gives colours. */
async function take(files) {
  const file = files[0];
  $("start-trouble").hidden = true;
  if (!file) return;
  if (file.type.startsWith("image/")) {
    if (store.project) return controls.picture(file);
    return refuse({ error: `“${file.name}” is a picture.`, hint: "Open a show first; then a picture gives it its colours." });
  }
  const most = about.limits?.upload_bytes ?? Infinity;
  if (!file.size) return refuse({ error: `“${file.name}” is empty, or a folder.`, hint: "Choose a song or a video file." });
  if (file.size > most) return refuse({ error: `“${file.name}” is larger than ${Math.round(most / 1e6)} MB.`, hint: "Choose a smaller file, or render it on the command line." });
  await begin(file.name, () => api.upload(file, (share) => !desk.id && desk.work(`Sending ${file.name}`, share, "")));
  for (const other of files.slice(1)) await api.upload(other).catch(complain);
}

async function begin(name, make) {
  start.hide();
  desk.expect(name, true);
  const turn = desk.turn;
  try {
    const project = await make();
    if (turn === desk.turn) await open(project.id, { play: true, name });
  } catch (error) {
    if (turn === desk.turn) refuse(error);
  }
}

function refuse(error) {
  if ($("notice").open) $("notice").close();
  home();
  complain(error, $("start-trouble"));
  $("choose").focus();
}

function listenToDrops() {
  let inside = 0;
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  const show = (on) => {
    inside = on ? inside : 0;
    $("over").hidden = !on;
  };
  window.addEventListener("dragenter", (event) => isFile(event) && (inside++, show(true)));
  window.addEventListener("dragleave", (event) => isFile(event) && --inside <= 0 && show(false));
  window.addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    show(false);
    take([...event.dataTransfer.files]);
  });
}

// --- commands ---------------------------------------------------------------------------------------------------

function setBlackout(on) {
  preview.gate.blackout = on;
  for (const button of [$("blackout"), $("full-blackout")]) {
    toggled(button, on);
    button.textContent = on ? "Light on" : "Blackout";
  }
  document.body.classList.toggle("dark", on);
  desk.chip("blackout", on ? "Blackout" : "");
}

async function blackout() {
  const on = !preview.gate.blackout;
  setBlackout(on);
  say(on ? "Blackout" : "Light again");
  try {
    await api.send("POST", "blackout", { on });
  } catch (error) {
    if (error.status !== 404) complain(on && !error.status ? { error: "The lamps cannot be told: the server does not answer.", hint: "They go dark by themselves when it is gone." } : error);
  }
}

function showCalm() {
  toggled($("calm"), preview.calm.on);
  desk.chip("calm", preview.calm.on ? "Calm light" : "");
}

function switchCalm() {
  preview.calm.on = !preview.calm.on;
  preview.dirty = true;
  showCalm();
  say(preview.calm.on ? "Calm light" : "Full light");
}

async function fullscreen() {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    say("This browser does not allow fullscreen here");
  }
}

function help() {
  if ($("help").open) $("help").close();
  else $("help").showModal();
}

function selectTab(name, focus = false) {
  for (const tab of TABS) {
    const on = tab === name;
    $(`tab-${tab}`).setAttribute("aria-selected", String(on));
    $(`tab-${tab}`).tabIndex = on ? 0 : -1;
    $(`panel-${tab}`).hidden = !on;
  }
  if (focus) $(`tab-${name}`).focus();
}

/** A tab that is fetched when it is opened, or when what it shows is running already. */
function later(name, mount) {
  let mounted = null;
  const need = () => (mounted ??= mount().catch((error) => ((mounted = null), complain(error))));
  $(`tab-${name}`).addEventListener("focus", need);
  $(`tab-${name}`).addEventListener("click", need);
  api.socket.addEventListener(name, async ({ detail }) => {
    if (mounted || !detail.running) return;
    await need();
    api.socket.tell(name, detail);
  });
}

function listenToTabs() {
  for (const tab of TABS) $(`tab-${tab}`).addEventListener("click", () => selectTab(tab));
  $("tabs").addEventListener("keydown", (event) => {
    const at = TABS.findIndex((tab) => $(`tab-${tab}`).getAttribute("aria-selected") === "true");
    const to = { ArrowRight: (at + 1) % TABS.length, ArrowLeft: (at + TABS.length - 1) % TABS.length, Home: 0, End: TABS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    selectTab(TABS[to], true);
  });
}

const inStudio = (act) => () => (store.project ? act() : false);
const seekBy = (seconds) => inStudio(() => transport.seek(transport.position_s + seconds));
const seekBars = (by) => inStudio(() => transport.seek(store.cues ? stepped(store.cues, transport.position_s, by, "bar") : transport.position_s + by * 2));

const commands = {
  " ": inStudio(() => transport.toggle()),
  ArrowLeft: seekBy(-SEEK_S),
  ArrowRight: seekBy(SEEK_S),
  "Shift+ArrowLeft": seekBars(-1),
  "Shift+ArrowRight": seekBars(1),
  Home: inStudio(() => transport.seek(0)),
  End: inStudio(() => transport.seek(transport.duration_s)),
  b: () => void blackout(),
  c: () => switchCalm(),
  f: () => void fullscreen(),
  m: inStudio(() => ((transport.muted = !transport.muted), say(transport.muted ? "Sound off" : "Sound on"))),
  l: inStudio(() => switchLoop(store, transport)),
  s: inStudio(() => say(actions.split(store, transport.position_s))),
  e: inStudio(() => exporting.open()),
  Delete: inStudio(() => say(actions.remove(store))),
  Backspace: inStudio(() => say(actions.remove(store))),
  "Ctrl+z": inStudio(() => say(actions.undo(store))),
  "Ctrl+Shift+z": inStudio(() => say(actions.redo(store))),
  "Ctrl+y": inStudio(() => say(actions.redo(store))),
  "+": inStudio(() => timeline.zoom(1.5)),
  "=": inStudio(() => timeline.zoom(1.5)),
  "-": inStudio(() => timeline.zoom(1 / 1.5)),
  0: inStudio(() => timeline.fit()),
  "?": () => help(),
  Escape: () => (store.selection ? store.select(null) : false),
};

function listenToButtons() {
  const acts = { home: () => desk.id && home(), "projects-button": () => home(), blackout, "full-blackout": blackout, calm: switchCalm, full: fullscreen,
    "help-button": help, undo: commands["Ctrl+z"], redo: commands["Ctrl+Shift+z"], "go-live": goLive,
    "work-again": () => (home(), $("file").click()), "work-retry": () => api.send("POST", `projects/${desk.id}/listen`).catch(complain) };
  for (const [id, act] of Object.entries(acts)) $(id).addEventListener("click", () => act());
  for (const dialog of document.querySelectorAll("dialog:not(#notice)")) {
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  }
  const name = $("name");
  name.addEventListener("change", () => rename(name.value.trim()));
  name.addEventListener("keydown", (event) => {
    if (event.key === "Escape") name.value = store.project?.name ?? "";
    if (event.key === "Enter" || event.key === "Escape") name.blur();
  });
}

async function rename(text) {
  const project = store.project;
  if (!project || !text || text === project.name) return ($("name").value = project?.name ?? "");
  try {
    await api.rename(project.id, text);
    if (store.project?.id !== project.id) return;
    store.project = { ...store.project, name: text };
    store.tell("project");
    desk.shown();
    say("Renamed");
  } catch (error) {
    $("name").value = project.name;
    complain(error);
  }
}

// --- what is shown ----------------------------------------------------------------------------------------------

function listenToStore() {
  store.addEventListener("saved", ({ detail }) => {
    $("saved").textContent = detail.text;
    $("saved").className = detail.state;
  });
  store.addEventListener("history", () => {
    for (const [id, can, label] of [["undo", store.canUndo, store.undoLabel], ["redo", store.canRedo, store.redoLabel]]) {
      const word = id === "undo" ? "Undo" : "Redo";
      $(id).disabled = !can;
      $(id).title = can ? `${word}: ${label}` : word;
      $(id).setAttribute("aria-label", $(id).title);
    }
  });
  store.addEventListener("project", () => {
    const project = store.project;
    if (document.activeElement !== $("name")) $("name").value = project?.name ?? "";
    $("export-button").disabled = !project || project.state !== "ready";
  });
  store.addEventListener("selection", () => store.selection && selectTab("cue"));
}

function listenToSocket() {
  const banner = $("offline");
  let timer = 0;
  api.socket.addEventListener("offline", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      banner.textContent = "The studio's server does not answer. Trying again; nothing is lost. If you stopped it, run “beatomizer studio” once more.";
      banner.hidden = false;
    }, 700);
  });
  api.socket.addEventListener("online", () => {
    clearTimeout(timer);
    if (!banner.hidden) say("Connected again");
    banner.hidden = true;
    if (!desk.id) refreshList();
    if (store.unsaved && !store.sending) store.save();
  });
  api.socket.addEventListener("project", () => !desk.id && refreshList());
  api.socket.addEventListener("lights", ({ detail }) => {
    if (typeof detail.blackout === "boolean" && detail.running && detail.blackout !== preview.gate.blackout) setBlackout(detail.blackout);
  });
}

function listenToScreen() {
  new ResizeObserver(() => preview.resize()).observe($("stage"));
  let sleeping = 0;
  const wake = () => {
    document.body.classList.remove("idle");
    clearTimeout(sleeping);
    sleeping = setTimeout(() => document.fullscreenElement && transport.playing && document.body.classList.add("idle"), 3000);
  };
  for (const name of ["pointermove", "pointerdown", "keydown"]) window.addEventListener(name, wake);
  document.addEventListener("fullscreenchange", () => {
    document.body.classList.toggle("full", document.fullscreenElement !== null && desk.id !== null);
    preview.resize();
    wake();
  });
  const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
  reduced.addEventListener("change", () => reduced.matches && !preview.calm.on && switchCalm());
}

let last = 0;

function tick(now) {
  requestAnimationFrame(tick);
  if (!desk.id) return start.tick(now);
  const position = transport.tick(now);
  const frame = preview.tick(now, position, transport.playing, transport.ended);
  const heard = transport.audio ? transport.audio.currentTime : position;
  desk.tick(now);
  timeline.draw(now);
  showPlaybar(position);
  if (!transport.playing || frame < 0) return (last = 0);
  measures.drawn.push([frame, heard, now]);
  if (last) measures.frames.push(now - last);
  last = now;
  for (const ring of [measures.drawn, measures.frames]) if (ring.length > 900) ring.splice(0, 300);
}

async function main() {
  await api.enter();
  about = await api.about();
  start = mountStart(api, { take, open, demo: () => begin("the demo", () => api.demo()) });
  timeline = new Timeline($("timeline"), store, transport);
  showPlaybar = mountPlaybar(store, transport, timeline);
  mountInspector($("panel-cue"), store, transport, about);
  controls = mountControls($("panel-show"), store, about);
  exporting = mountExports(store, api.socket, about);
  later("lights", async () => (await import("./lights.js")).mountLights($("panel-lights"), store, transport, api, api.socket));
  later("live", async () => (await import("./live.js")).mountLive($("panel-live"), store, preview, api, api.socket));
  mountLamps(preview, (lamps) => api.saveStage(store.project.id, { lamps }).catch(complain));
  transport.addEventListener("seek", () => preview.jump());
  transport.addEventListener("jump", () => preview.jump());
  document.body.addEventListener("calm", showCalm);
  document.body.addEventListener("home", ({ detail }) => home(detail));
  window.addEventListener("popstate", route);
  window.addEventListener("hashchange", route);
  listenToButtons();
  listenToTabs();
  listenToStore();
  listenToSocket();
  listenToScreen();
  listenToDrops();
  listenToKeys(commands, ["b", "?"]);
  api.socket.connect();
  route();
  requestAnimationFrame(tick);
  document.body.classList.add("ready");
}

main().catch((error) => {
  complain(error, $("start-trouble"));
  if (!error.status) setTimeout(() => location.reload(), 4000); // the server is not there (yet)
});
