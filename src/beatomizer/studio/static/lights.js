/* The Lights tab: lamps on the network, found or added, tried, lined up by ear, and lit with the show. */

import { ask, button, complain, make, say } from "./elements.js";
import { Clicks, Follow, ServerClock } from "./follow.js";
import { fixtureText, rigPlan } from "./rigplan.js";

const OFFSET_MS = 5, MOST_OFFSET_MS = 2000, CLICKS = "clicks", UNUSED = "beatomizer-unused-lights";
const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;
const offsetText = (ms) => (ms ? `${Math.abs(ms)} ms ${ms > 0 ? "later" : "earlier"}` : "in time");

/** Which lights are used: all but those that a person has unticked, remembered in this browser. */
class Chosen extends EventTarget {
  constructor() {
    super();
    this.known = [];
    this.hasRig = false;
    try {
      this.unused = new Set(JSON.parse(localStorage.getItem(UNUSED) ?? "[]"));
    } catch {
      this.unused = new Set();
    }
  }

  has(id) {
    return !this.unused.has(id);
  }

  set(id, on) {
    this.unused[on ? "delete" : "add"](id);
    try {
      localStorage.setItem(UNUSED, JSON.stringify([...this.unused].slice(-64)));
    } catch {
      // a browser that keeps nothing
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Which there are, from GET /api/lights. */
  learn({ added, rig }) {
    this.known = added.map(({ id }) => id);
    this.hasRig = Boolean(rig.view);
    this.dispatchEvent(new Event("change"));
  }

  get request() {
    return { lights: this.known.filter((id) => this.has(id)), rig: this.hasRig && this.has("rig") };
  }

  get count() {
    const { lights, rig } = this.request;
    return lights.length + (rig ? 1 : 0);
  }
}

export const chosen = new Chosen();

function part(id, title, ...children) {
  return make("section", { class: "part", "aria-labelledby": id }, make("h3", { id, text: title }), ...children);
}

export function mountLights(element, store, transport, api, socket) {
  const clock = new ServerClock(socket), clicks = new Clicks();
  const state = { running: null, project: null, outputs: [], blackout: false, master: 1, error: "" };
  const post = (path, body) => api.send("POST", path, body);
  const trouble = make("p", { class: "trouble", role: "alert", hidden: true });

  async function attempt(act) {
    trouble.hidden = true;
    try {
      return await act();
    } catch (error) {
      complain(error, trouble);
      return null;
    }
  }

  // where the song is

  const follow = new Follow(socket, clock, (now) => {
    if (state.running === "clicks") return clicks.context ? { project: CLICKS, position_s: clicks.position(now), playing: true } : null;
    if (!store.project || store.project.id !== state.project) return null;
    const position_s = transport.at(now);
    return { project: state.project, position_s: Math.min(Math.max(0, position_s), transport.duration_s), playing: transport.playing };
  });
  for (const name of ["state", "seek", "jump"]) transport.addEventListener(name, () => follow.say());
  transport.addEventListener("state", () => transport.playing && clicks.context && endClicks());

  // start, stop, master

  const go = button({ icon: "lamp", text: "Light this show", class: "primary go" }, () => (lit() ? stop() : start()));
  const goText = go.querySelector("span");
  const now = make("p", { class: "quiet now", role: "status" });
  const master = make("input", { type: "range", min: "0", max: "1", step: "0.01", value: "1", "aria-labelledby": "part-master" });
  const masterText = make("output", { class: "quiet", text: "100 %" });
  let dimming = 0;
  master.addEventListener("input", () => {
    dimming ||= setTimeout(() => {
      dimming = 0;
      socket.send({ type: "master", value: Number(master.value) });
    }, 50);
    showMaster();
  });
  const showMaster = () => {
    masterText.textContent = `${Math.round(master.value * 100)} %`;
    master.setAttribute("aria-valuetext", masterText.textContent);
  };
  const lit = () => state.running === "show" && state.project === store.project?.id;

  async function start() {
    go.disabled = true;
    now.textContent = "Opening the lights…";
    await attempt(async () => hear(await post("show/start", { project: store.project.id, ...chosen.request })));
    show();
  }

  async function stop() {
    go.disabled = true;
    await attempt(async () => hear(await post("show/stop", {})));
    say("The lights are dark");
    show();
  }

  // the lights that were added

  const list = make("ul", { class: "lights", "aria-label": "Your lights" });
  const none = make("p", { class: "quiet", text: "None yet. Look for some, or add one by its address." });
  const rows = new Map(); // id → {dot, rate, field, …}
  const lineUp = button({ text: "Line up by ear", class: "word" }, () => (clicks.context ? endClicks() : beginClicks()));
  const lineUpText = make("p", { class: "quiet", text: "A click and a flash each second: move a light until they are one." });

  async function beginClicks() {
    if (transport.playing) transport.pause();
    clicks.start(); // in the press of the button, or the browser keeps it silent
    const heard = await attempt(() => post("show/start", { project: CLICKS, ...chosen.request }));
    if (heard) hear(heard);
    else clicks.stop();
    show();
  }

  async function endClicks() {
    clicks.stop();
    if (state.running === "clicks") await attempt(async () => hear(await post("show/stop", {})));
    show();
  }

  function offsetField(id, name, offset_ms) {
    const field = make("input", { type: "number", step: String(OFFSET_MS), min: String(-MOST_OFFSET_MS), max: String(MOST_OFFSET_MS), value: String(offset_ms), "aria-label": `Offset of ${name} in milliseconds, negative is earlier` });
    const words = make("span", { class: "quiet", text: offsetText(offset_ms) });
    const set = (value) => {
      const ms = Math.min(MOST_OFFSET_MS, Math.max(-MOST_OFFSET_MS, Math.round(value) || 0));
      field.value = String(ms);
      words.textContent = offsetText(ms);
      socket.send({ type: "offset", light: id, offset_ms: ms });
    };
    field.addEventListener("change", () => set(Number(field.value)));
    const step = (by) => () => set(Number(field.value) + by);
    const earlier = button({ icon: "minus", label: `${name}: ${OFFSET_MS} ms earlier`, class: "plain" }, step(-OFFSET_MS));
    const later = button({ icon: "plus", label: `${name}: ${OFFSET_MS} ms later`, class: "plain" }, step(OFFSET_MS));
    return { element: make("div", { class: "row stepper offset" }, earlier, field, later, words), field };
  }

  function status() {
    const dot = make("i", { class: "dot" }), rate = make("span", { class: "quiet rate" });
    return { dot, rate, element: make("span", { class: "light-state" }, dot, rate) };
  }

  function usedBox(id, name) {
    const box = make("input", { type: "checkbox", checked: chosen.has(id), "aria-label": `Use ${name}` });
    box.addEventListener("change", () => chosen.set(id, box.checked));
    return box;
  }

  function lightRow(light) {
    const named = make("input", { class: "light-label", value: light.name, maxlength: "60", "aria-label": `Name of ${light.name}`, autocomplete: "off", spellcheck: "false" });
    named.addEventListener("change", () => attempt(() => api.send("PUT", `lights/${light.id}`, { name: named.value })));
    const offset = offsetField(light.id, light.name, light.offset_ms), shown = status();
    const problem = make("p", { class: "problem", hidden: true });
    const blink = button({ text: "Blink", class: "word small", label: `Blink ${light.name}` }, () => blinkLight(light.id));
    const remove = button({ icon: "trash", label: `Remove ${light.name}`, class: "plain" }, () => removeLight(light));
    rows.set(light.id, { ...shown, problem, field: offset.field });
    return make("li", { class: "light" },
      make("div", { class: "row" }, usedBox(light.id, light.name), named, shown.element),
      make("p", { class: "quiet address", text: light.address }), problem,
      make("div", { class: "row tools" }, offset.element, blink, remove));
  }

  const blinkLight = (id) => attempt(async () => {
    await post(`lights/${id}/blink`, {});
    say("Look: it swells twice");
  });

  async function removeLight(light) {
    if (!(await ask("Remove this light?", `“${light.name}” is forgotten here. Nothing changes on the lamp itself.`, "Remove"))) return;
    await attempt(() => api.send("DELETE", `lights/${light.id}`));
    refresh();
  }

  // looking for more

  const find = button({ text: "Look for lights", class: "word" }, () => attempt(() => post("lights/find", {})));
  const findBar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "Looking for lights" });
  const findText = make("p", { class: "quiet", role: "status" });
  const devices = make("ul", { class: "lights", "aria-label": "Found on the network" });

  function deviceRow(device) {
    const known = device.kind === "sacn source" ? make("span", { class: "quiet", text: "another sender" }) : device.added ? make("span", { class: "quiet", text: "added" })
      : button({ icon: "plus", text: "Add", class: "word small", label: `Add ${device.name}` }, () => addLight(device));
    const blink = device.host ? button({ text: "Blink", class: "word small", label: `Blink ${device.name}` }, () => blinkLight(device.id)) : null;
    return make("li", { class: "light" }, make("div", { class: "row" }, make("b", { class: "grow", text: device.name }), blink, known),
      make("p", { class: "quiet address", text: [device.kind, device.host, device.detail].filter(Boolean).join(" · ") }));
  }

  async function addLight({ kind, host, port, options, name }) {
    const light = await attempt(() => post("lights/add", { kind, host, port: port || null, options: options ?? {}, name: name ?? "" }));
    if (!light) return null;
    say(`${light.name} was added`);
    await refresh();
    return light;
  }

  // by address

  const kind = make("select", { "aria-label": "Kind of light" });
  const host = make("input", { type: "text", class: "text", placeholder: "192.168.1.40", "aria-label": "Address of the light", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "253" });
  const universe = make("input", { type: "number", min: "0", max: "63999", value: "1", "aria-label": "Universe" });
  const universeRow = make("label", { class: "row quiet" }, make("span", { text: "Universe" }), universe);
  const add = make("button", { type: "submit", class: "word", text: "Add" });
  const form = make("form", { class: "add", novalidate: true }, kind, make("div", { class: "row" }, host, add), universeRow);
  kind.addEventListener("change", showKind);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [, plain, port] = /^([^:\s]+):(\d{1,5})$/.exec(host.value.trim()) ?? [null, host.value.trim(), null];
    const options = universeRow.hidden ? {} : { universe: Number(universe.value) };
    add.disabled = true;
    if (await addLight({ kind: kind.value, host: plain, port: port && Number(port), options })) host.value = "";
    add.disabled = false;
  });

  function showKind() {
    const entry = kinds.find(({ name }) => name === kind.value);
    universeRow.hidden = !entry?.options.includes("universe");
    universe.value = kind.value === "artnet" ? "0" : "1";
    host.placeholder = entry?.everybody ? `192.168.1.40 or ${entry.everybody}` : kind.value === "osc" ? "127.0.0.1:9000" : "192.168.1.40 or wled-sofa.local";
  }

  // the rig

  const rigShown = make("div", { class: "rig" });
  const rigText = make("textarea", { rows: "9", spellcheck: "false", "aria-label": "Rig file (TOML)", maxlength: "65536" });
  const rigSave = button({ text: "Save the rig", class: "word" }, async () => {
    const told = await attempt(() => api.send("PUT", "rig", { text: rigText.value }));
    if (told) say(told.text ? "The rig is saved" : "There is no rig now");
    if (told) refresh();
  });
  const rigEditor = make("details", {}, make("summary", { text: "Write or change the rig file" }),
    make("p", { class: "quiet", text: "What hangs where, from stage left to right; see “Rig files” in the documentation." }), rigText, make("div", { class: "row" }, rigSave));

  function showRig(rig) {
    if (document.activeElement !== rigText) rigText.value = rig.text;
    rigShown.replaceChildren();
    if (rig.error) rigShown.append(make("p", { class: "trouble", text: rig.error }));
    if (!rig.view) return;
    const names = make("ul", { class: "fixtures quiet" }, ...rig.view.fixtures.map((fixture) => make("li", { text: fixtureText(fixture) })));
    const box = usedBox("rig", "the rig"), outputs = make("ul", { class: "lights", "aria-label": "Outputs of the rig" });
    rig.view.outputs.forEach((name, number) => {
      const shown = status(), problem = make("p", { class: "problem", hidden: true });
      rows.set(`rig-${number}`, { ...shown, problem });
      outputs.append(make("li", { class: "light" }, make("div", { class: "row" }, make("b", { class: "grow", text: name }), shown.element), problem));
    });
    const label = make("label", { class: "row" }, box, make("span", { text: `Use the rig${rig.view.name ? ` “${rig.view.name}”` : ""}` }));
    rigShown.append(label, rigPlan(rig.view), outputs, make("details", {}, make("summary", { text: many(rig.view.fixtures.length, "fixture") }), names));
  }

  // what is shown

  let kinds = [], revision = -1, fetching = null;

  async function refresh() {
    fetching ??= api.get("lights").finally(() => (fetching = null));
    const told = await fetching.catch(() => null);
    if (!told) return;
    revision = told.revision;
    if (!kinds.length) {
      kinds = told.kinds;
      kind.replaceChildren(...kinds.map(({ name, text }) => make("option", { value: name, text })));
      showKind();
    }
    rows.clear();
    const within = element.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    list.replaceChildren(...told.added.map(lightRow));
    devices.replaceChildren(...told.devices.map(deviceRow));
    showRig(told.rig);
    if (within && !element.contains(document.activeElement)) element.querySelector(`[aria-label="${CSS.escape(within)}"]`)?.focus();
    none.hidden = told.added.length > 0;
    hear(told);
    chosen.learn(told);
  }

  function hear(detail) {
    for (const name of Object.keys(state)) if (name in detail) state[name] = detail[name];
    if (document.activeElement !== master) {
      master.value = String(state.master);
      showMaster();
    }
    if (detail.revision > revision) refresh();
    follow.wanted = lit() || state.running === "clicks";
    if (clicks.context && state.running !== "clicks" && state.running !== null) clicks.stop();
    show();
  }

  function show() {
    const ready = store.project?.state === "ready", playing = lit();
    go.disabled = playing ? false : !ready || chosen.count === 0;
    goText.textContent = playing ? "Stop the lights" : "Light this show";
    go.classList.toggle("on", playing);
    lineUp.disabled = chosen.count === 0;
    lineUp.querySelector("span").textContent = clicks.context ? "Stop the clicks" : "Line up by ear";
    const online = state.outputs.filter((output) => output.online).length;
    const text = state.blackout && state.running ? "Blackout." : playing ? `${online} of ${many(state.outputs.length, "light")} on line.`
      : state.running === "show" ? "Another show is on the lights." : state.running === "live" ? "Live mode has the lights." : state.running === "clicks" ? "Clicks and flashes."
      : state.error ? state.error : chosen.count ? `${many(chosen.count, "light")} chosen. They follow what you play here.` : "Choose at least one light below.";
    if (now.textContent !== text) now.textContent = text;
    for (const [id, row] of rows) showOutput(row, state.outputs.find((output) => output.id === id));
  }

  function showOutput(row, output) {
    row.dot.className = output ? `dot ${output.online ? "on" : "off"}` : "dot";
    row.rate.textContent = output ? (output.online ? `${Math.round(output.fps)} fps` : "off line") : "";
    row.problem.hidden = !output?.error;
    row.problem.textContent = output?.error ?? "";
    if (output && row.field && document.activeElement !== row.field && Number(row.field.value) !== output.offset_ms) row.field.value = String(output.offset_ms);
  }

  socket.addEventListener("lights", ({ detail }) => hear(detail));
  socket.addEventListener("online", () => refresh());
  socket.addEventListener("job", ({ detail }) => {
    if (detail.kind !== "find") return;
    const busy = detail.state === "running";
    find.disabled = busy;
    findBar.hidden = !busy;
    findBar.value = detail.share;
    findText.textContent = busy ? "Listening to the network…" : detail.state === "failed" ? detail.error : detail.found ? `${many(detail.found, "device")} answered.` : "Nothing answered. Is it on? Or add it by address.";
    if (!busy) refresh();
  });
  for (const name of ["project", "light"]) store.addEventListener(name, () => hear({}));
  chosen.addEventListener("change", show);

  const dimmer = make("div", { class: "row" }, master, masterText);
  element.append(
    make("section", { class: "part first", "aria-label": "Lights on and off" }, go, now, trouble),
    part("part-master", "Master", dimmer),
    part("part-lights", "Your lights", none, list, make("div", { class: "row" }, lineUp), lineUpText),
    part("part-find", "On the network", make("div", { class: "row" }, find), findBar, findText, devices),
    part("part-add", "Add by address", form),
    part("part-rig", "Rig", rigShown, rigEditor),
  );
  refresh();
  return { refresh, state, clock, follow };
}

