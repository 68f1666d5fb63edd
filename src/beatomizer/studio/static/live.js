/* The Live tab: light for sound that is still arriving: a microphone, a line input, or what the computer plays. */

import { energyWord } from "./controls.js";
import { button, complain, make, say } from "./elements.js";
import { chosen } from "./lights.js";

const LOWEST_DB = -60, QUIET_DB = -55, QUIET_MS = 5000, WAIT_MS = 200;

function part(id, title, ...children) {
  return make("section", { class: "part", "aria-labelledby": id }, make("h3", { id, text: title }), ...children);
}

export function mountLive(element, store, stage, api, socket) {
  const trouble = make("p", { class: "trouble", role: "alert", hidden: true });
  const source = make("select", { "aria-labelledby": "part-source" });
  const again = button({ icon: "idea", label: "Look for sources again", class: "plain" }, () => sources());
  const withLights = make("input", { type: "checkbox", checked: true, id: "live-lights" });
  const lightsText = make("span", {});
  const go = button({ text: "Listen", class: "primary go" }, () => (live.running ? stop() : start()));
  const goText = go.querySelector("span"), now = make("p", { class: "quiet now", role: "status" });
  const meter = make("meter", { min: LOWEST_DB, max: 0, low: QUIET_DB, high: -3, optimum: -20, value: LOWEST_DB, "aria-label": "Level of the sound" });
  const level = make("span", { class: "quiet level", text: "–" });
  const tempo = make("b", { class: "tempo", text: "–" });
  const dots = [1, 2, 3, 4].map(() => make("i", { class: "beat" }));
  const energy = make("input", { type: "range", min: "0", max: "1", step: "0.01", value: "0.5", "aria-labelledby": "part-live-energy" });
  const energyText = make("output", {});
  const palette = make("select", { "aria-labelledby": "part-live-palette" });
  let live = { running: false, following: false }, joined = false, quietSince = 0, wishing = 0, busy = false;

  async function attempt(act) {
    trouble.hidden = true;
    busy = true;
    show();
    try {
      return await act();
    } catch (error) {
      complain(error, trouble);
      return null;
    } finally {
      busy = false;
      show();
    }
  }

  // sources

  async function sources() {
    const before = source.value;
    const found = await api.get("live/sources").catch((error) => (complain(error, trouble), []));
    const option = ({ id, name }) => make("option", { value: id, text: name });
    const groups = [["computer", "What the computer plays"], ["microphone", "Microphones and inputs"]].map(([kind, title]) => {
      const group = make("optgroup", { label: title });
      group.append(...found.filter((one) => one.kind === kind).map(option));
      return group;
    });
    source.replaceChildren(...groups.filter((group) => group.children.length));
    if (!found.length) source.append(make("option", { value: "", text: "No source of sound was found" }));
    const usual = found.find((one) => one.id === before) ?? found.find((one) => one.default && one.kind === "computer") ?? found.find((one) => one.default) ?? found[0];
    if (usual) source.value = usual.id;
    show();
  }

  // start, stop, wishes

  const wishes = () => ({ palette: palette.value || null, energy: Number(energy.value) });

  async function start() {
    window.beatomizer?.transport?.pause();
    const request = withLights.checked ? chosen.request : { lights: [], rig: false };
    const { zones = 8, safety = "broadcast" } = store.project?.wishes ?? {}, calm = stage.calm?.on; // light of a stage that is calm is calm
    joined = true;
    now.textContent = "Opening the source…";
    const heard = await attempt(() => api.send("POST", "live/start", { source: source.value, ...request, wishes: { ...wishes(), zones, safety: calm ? "calm" : safety } }));
    if (heard) hear(heard);
    else joined = false;
  }

  async function stop() {
    const heard = await attempt(() => api.send("POST", "live/stop", {}));
    if (heard) hear(heard);
    say("Live mode has ended");
  }

  function wish() {
    showEnergy();
    clearTimeout(wishing);
    if (live.running) wishing = setTimeout(() => attempt(() => api.send("POST", "live/wishes", wishes())), WAIT_MS);
  }

  function showEnergy() {
    energyText.textContent = energyWord(Number(energy.value));
    energy.setAttribute("aria-valuetext", energyText.textContent);
  }

  energy.addEventListener("input", wish);
  palette.addEventListener("change", wish);

  // what is heard

  function hear(detail) {
    if (live.running && !detail.running) stage.showProject();
    if (!detail.running) joined = false;
    if (!live.running && detail.running && document.activeElement !== energy) {
      energy.value = String(detail.wishes.energy);
      palette.value = detail.wishes.palette ?? "";
      showEnergy();
    }
    live = detail;
    meter.value = Math.max(LOWEST_DB, live.running ? live.level_db : LOWEST_DB);
    level.textContent = !live.running ? "–" : live.lost ? "gone" : live.clipped ? "too loud" : `${Math.round(live.level_db)} dB`;
    level.classList.toggle("bad", live.running && (live.clipped || live.lost));
    tempo.textContent = live.running && live.tempo_bpm ? `${Math.round(live.tempo_bpm)} BPM` : "–";
    for (const [place, dot] of dots.entries()) dot.classList.toggle("on", live.running && live.position === place + 1);
    if (!live.running || live.peak_db > QUIET_DB) quietSince = performance.now();
    show();
  }

  function show() {
    go.disabled = busy || (!live.running && !source.value);
    goText.textContent = live.running ? "Stop" : "Listen";
    go.classList.toggle("on", live.running);
    source.disabled = again.disabled = live.running;
    withLights.disabled = live.running || chosen.count === 0;
    lightsText.textContent = `Light my lights too (${chosen.count || "none"} chosen in the Lights tab)`;
    const silent = live.running && performance.now() - quietSince > QUIET_MS;
    const text = !live.running ? "The stage follows what is heard, beat by beat."
      : live.lost ? `${live.source} is gone. It is tried again every two seconds.`
      : silent ? `Nothing is to be heard from ${live.source}. Is it the right source?`
      : live.following ? `Following ${live.source}.` : `Listening to ${live.source}. The light is being made ready…`;
    if (!busy && now.textContent !== text) now.textContent = text;
  }

  socket.addEventListener("live", ({ detail }) => hear(detail));
  socket.addEventListener("frame", ({ detail }) => {
    const bytes = new Uint8Array(detail);
    if (!live.running || bytes[0] !== 1 || bytes.length < 8) return;
    if (!joined && element.hidden) return; // another page listens; here a show is being made
    joined = true;
    stage.showLive(bytes.subarray(5), (bytes.length - 5) / 3);
  });
  socket.addEventListener("offline", () => live.running && hear({ ...live, running: false }));
  chosen.addEventListener("change", show);
  api.get("lights").then((told) => chosen.learn(told), () => {});
  const opened = () => !element.hidden && !source.options.length && sources();
  new MutationObserver(opened).observe(element, { attributeFilter: ["hidden"] });

  palette.append(make("option", { value: "", text: "By the music" }));
  api.about().then(({ palettes = [] }) => palette.append(...palettes.map(({ name }) => make("option", { value: name, text: name })))).catch(() => {});
  element.append(
    make("section", { class: "part first", "aria-labelledby": "part-source" }, make("h3", { id: "part-source", text: "Listen to" }), make("div", { class: "row" }, source, again),
      make("label", { class: "row" }, withLights, lightsText), go, now, trouble),
    part("part-heard", "What is heard", make("div", { class: "row meter" }, meter, level), make("div", { class: "row beats" }, tempo, make("span", { class: "row", "aria-hidden": "true" }, ...dots))),
    part("part-live-energy", "Energy", energy, make("p", { class: "ends quiet", "aria-hidden": "true" }, make("span", { text: "Calm" }), energyText, make("span", { text: "Club" }))),
    part("part-live-palette", "Palette", palette),
  );
  showEnergy();
  show();
  opened();
  return { sources };
}
