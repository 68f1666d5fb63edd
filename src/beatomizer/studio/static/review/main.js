/* The review page: what is looked at, what is said about it, and the keys. */

import { get, Verdicts } from "./desk.js";
import { CUT, lightOf, loudnessOf, MISSING, picturesOf } from "./light.js";
import { FILTERS, itemsOf, List } from "./list.js";
import { Player } from "./player.js";
import { drawLoudness, drawRibbon } from "./ribbon.js";
import { TrimHandles } from "./trim.js";
import { clamp, clock, FPS, hex, many, partSaid, said } from "./words.js";

const $ = (id) => document.getElementById(id);
const RATES = [1, 1.5, 2];
const CALM_S = 1.2; // how long a colour takes to come, in calm light
const LOOK = "beatomizer-review-look";

const steps = []; // what "undo" takes back: {id, before}
const state = { set: null, list: null, verdicts: null, light: null, loudness: null, pictures: null, marks: [], calm: false, noticed: false };
const player = new Player($("video"));
const trim = new TrimHandles({ strip: $("strip"), in: $("in"), out: $("out"), left: $("cut-left"), right: $("cut-right") }, 0.5);
const measures = { drawn: [] }; // [position of the sound, frame of the label that is shown]
const drafts = new Map(); // notes on what is not judged yet: id → text
const slow = []; // colours of calm light, one a zone

/* What is looked at */

function look() {
  const item = state.list.current;
  endTrim();
  state.light = state.loudness = state.pictures = null;
  $("over").textContent = item.kind === "take" ? `Take · ${many(item.children.length, "clip")}` : `Clip ${item.clip.number + 1} of ${item.take.clips.length} · ${clock(item.range[0])}–${clock(item.range[1])}`;
  $("title").firstChild.textContent = item.title;
  document.title = `${item.title} · Review of ${state.set.name}`;
  $("picture").style.setProperty("--shape", item.take.shape);
  $("facts").textContent = item.take.told.join(" · ");
  $("seek").min = item.range[0];
  $("seek").max = item.range[1];
  trim.range = item.range;
  player.open(item.take, item.range);
  flags(item);
  verdictShown();
  fetchFor(item);
}

async function fetchFor(item) {
  const still = () => state.list.current === item;
  if (!item.take.clips.length) return redraw();
  const failed = (error) => still() && toast(error.message);
  lightOf(item.take.id).then((light) => {
    if (!still()) return;
    state.light = light;
    zones(light.rows);
    redraw();
  }, failed);
  loudnessOf(item.take.id).then((loudness) => {
    if (!still()) return;
    state.loudness = loudness;
    redraw();
  }, failed);
}

function flags(item) {
  const lines = item.take.flags.map((flag) => [flag, state.set.flags[flag] ?? ""]);
  if (item.clip?.problem) lines.unshift([item.clip.problem, "this clip was left out"]);
  const reason = item.take.reason;
  if (reason && !item.take.flags.includes(reason)) lines.push(["in the last build", reason]);
  const moved = item.take.told.find((words) => words.startsWith("pictures were "));
  if (moved) lines.push([moved.replace("pictures were ", ""), "the film's pictures; label and sound were brought together", "plain"]);
  $("flags").replaceChildren(
    ...lines.map(([name, text, kind = ""]) => {
      const line = document.createElement("li"), badge = document.createElement("b");
      line.className = kind;
      badge.textContent = name;
      line.append(badge, ` ${text}`);
      return line;
    }),
  );
}

function zones(rows) {
  slow.length = 0;
  const names = { mean: "mean of the picture", implied: "colour of the lights", zones: "zones" };
  $("light-name").textContent = rows > 1 ? many(rows, "zone") : (names[state.set.labels] ?? state.set.labels);
  $("zones").replaceChildren(...Array.from({ length: rows }, () => document.createElement("div")));
}

let redrawing = false;

/** Once a picture: canvases are measured, which makes the browser lay out the page. */
function redraw() {
  if (!redrawing) requestAnimationFrame(drawStrip);
  redrawing = true;
}

function drawStrip() {
  redrawing = false;
  const item = state.list?.current;
  if (!item) return;
  const marks = item.kind === "take" ? item.children.map((clip) => ({ at: clip.range[0], verdict: state.verdicts.of(clip.id)?.verdict })) : [];
  drawRibbon($("ribbon"), state.light, item.range, marks);
  drawLoudness($("loudness"), state.loudness, item.range);
}

/** How the pictures come, in words; and the small ones where there are no others. */
function way() {
  const { take, moving } = player;
  if (!take) return;
  const small = !moving && take.pictures && take.clips.length > 0;
  const making = take.media === "video" && player.films.get(player.clip?.key) === "asked";
  $("video").classList.toggle("shown", moving);
  $("small").hidden = !small;
  $("blank").hidden = moving || small;
  $("blank").textContent = "There is nothing to be seen or heard of this take here.";
  $("stage").classList.toggle("bare", !moving && !small && take.clips.length > 0);
  $("source").textContent = small ? (making ? "small pictures; a film is being made" : "small pictures") : "";
  if (!small) state.pictures = null;
}

function pictureNow(position) {
  const item = state.list.current;
  if ($("small").hidden) return;
  const number = Math.floor(position / 15), clip = item.take.clips.find((one) => one.number === number);
  if (!clip) return;
  if (state.pictures?.key !== clip.key) {
    state.pictures = { key: clip.key, ready: null };
    const waiting = state.pictures;
    picturesOf(clip.key).then((found) => (waiting.ready = found), () => {});
    return;
  }
  const found = state.pictures.ready;
  if (!found?.pts.length) return;
  let at = found.pts.findIndex((pts) => pts > position - number * 15 + 1e-6) - 1;
  if (at === -2) at = found.pts.length - 1;
  const size = found.columns * found.rows, from = Math.max(0, at) * size * 3;
  const context = $("small").getContext("2d"), image = context.createImageData(found.columns, found.rows);
  for (let cell = 0; cell < size; cell++) {
    image.data.set(found.bytes.subarray(from + cell * 3, from + cell * 3 + 3), cell * 4);
    image.data[cell * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

let drawnAt = 0;
let drawn = []; // what the last picture was made of: while nothing changes nothing is drawn

function frame(now) {
  requestAnimationFrame(frame);
  const item = state.list?.current;
  if (!item) return;
  player.keepInside();
  const [start, end] = item.range, position = clamp(player.position, start, end);
  const made = [item, position, state.light, state.pictures?.ready, state.calm && player.playing ? now : 0];
  if (made.every((part, at) => part === drawn[at])) return;
  drawn = made;
  $("head").style.left = `${((position - start) / (end - start)) * 100}%`;
  $("clock").textContent = `${clock(position - start, true)} / ${clock(end - start)}`;
  if (document.activeElement !== $("seek") || player.playing) $("seek").value = position;
  $("seek").setAttribute("aria-valuetext", `${clock(position - start, true)} of ${clock(end - start)}`);
  pictureNow(position);
  lightNow(position, (now - drawnAt) / 1000);
  drawnAt = now;
}

function lightNow(position, since) {
  const light = state.light, at = Math.floor(position * FPS + 1e-6);
  if (!light) return;
  const flag = light.flag(at, at + 1);
  const cells = $("zones").children;
  let shown = null;
  for (let row = 0; row < light.rows; row++) {
    const now = light.mean(at, at + 1, row) ?? [18, 20, 25];
    const share = state.calm ? clamp(since / CALM_S, 0, 1) : 1;
    slow[row] = (slow[row] ?? now).map((old, channel) => old + (now[channel] - old) * share);
    cells[row].style.backgroundColor = hex(slow[row]);
    shown ??= now;
  }
  const words = [flag & MISSING ? "no picture" : "", flag & CUT ? "camera cut" : ""].filter(Boolean).join(", ");
  $("hex").textContent = words || (light.rows === 1 && shown ? hex(shown) : "");
  measures.drawn.push([position, at]);
  if (measures.drawn.length > 600) measures.drawn.shift();
}

/* What is said */

function judge(verdict, part = null) {
  const item = state.list.current;
  if (!item) return;
  const note = $("note").value.trim().slice(0, state.set.most_note);
  const judgement = verdict ? { verdict, note, trim: part } : null;
  const before = state.verdicts.of(item.id);
  steps.push({ id: item.id, before });
  drafts.delete(item.id);
  endTrim();
  state.verdicts.say(item.id, judgement);
  if (!verdict) {
    announce("Taken back");
    return;
  }
  const next = state.list.nextUndecided();
  const told = said(judgement);
  if (next) state.list.choose(next);
  announce(next ? `${told}. ${next.row.getAttribute("aria-label")}` : `${told}. Everything shown here is judged`);
  if (!next) toast("Everything shown here is judged.");
}

function undo() {
  const step = steps.pop();
  if (!step) return announce("Nothing to undo");
  state.verdicts.say(step.id, step.before);
  state.list.choose(state.list.byId.get(step.id));
  announce(`Undone: ${said(step.before)}`);
}

function keepNote() {
  const item = state.list.current, now = item && state.verdicts.of(item.id);
  const note = $("note").value.trim();
  if (item && !now) drafts.set(item.id, note);
  if (!now || note === now.note) return;
  steps.push({ id: item.id, before: now });
  state.verdicts.say(item.id, { ...now, note });
}

function verdictShown() {
  const item = state.list.current;
  if (!item) return;
  const [judgement, own] = state.list.standing(item), mine = state.verdicts.of(item.id);
  $("verdict").textContent = said(judgement, own);
  $("verdict").dataset.verdict = judgement?.verdict ?? "";
  $("accept").setAttribute("aria-pressed", String(mine?.verdict === "accept"));
  $("reject").setAttribute("aria-pressed", String(mine?.verdict === "reject"));
  $("clear").disabled = !mine;
  $("undo").disabled = !steps.length;
  if (document.activeElement !== $("note")) $("note").value = mine?.note ?? drafts.get(item.id) ?? "";
  if (!trim.points) trim.draw(mine?.trim ?? null);
  redraw();
}

let counting = false;

/** Once a picture, however much has changed. */
function countSoon() {
  if (counting) return;
  counting = true;
  requestAnimationFrame(() => {
    counting = false;
    counts();
  });
}

function counts() {
  const units = state.list.units(), done = units.filter((item) => state.list.decided(item)).length;
  $("count").textContent = `${done} of ${units.length} judged`;
  $("done").style.width = `${units.length ? (100 * done) / units.length : 0}%`;
  for (const button of $("filters").children) {
    const fitting = state.list.items.filter((item) => state.list.fits(item, button.value) && (button.value !== "all" && button.value !== "undecided" ? true : !item.children.length));
    button.lastChild.textContent = fitting.length;
    button.setAttribute("aria-pressed", String(state.list.filter === button.value));
  }
  $("empty").hidden = state.list.shown.length > 0;
}

/* Trim */

function beginTrim() {
  const item = state.list.current;
  if (!item || trim.points) return;
  trim.open(item.range, state.verdicts.of(item.id)?.trim);
  $("trim").hidden = false;
  $("actions").hidden = true;
  trimSaid();
}

function endTrim() {
  trim.close();
  $("trim").hidden = true;
  $("actions").hidden = false;
  const item = state.list.current;
  if (item) trim.draw(state.verdicts.of(item.id)?.trim ?? null);
}

function setPoint(place) {
  beginTrim();
  trim.set(place, player.position - trim.range[0]);
}

function trimSaid() {
  if (trim.points) $("trim-text").textContent = trim.isWhole ? "Set in and out; what lies outside is masked." : `${partSaid(trim.points)} is kept, ${(trim.points[1] - trim.points[0]).toFixed(2)} s.`;
}

function acceptTrim() {
  judge("accept", trim.part);
}

/* Looking */

function play() {
  if (!state.noticed && !player.playing) return notice();
  player.toggle();
}

function notice() {
  const dialog = $("notice"), still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  $("reduced").hidden = !still;
  dialog.showModal();
  $(still ? "start-calm" : "start-full").focus();
}

function begin(calm) {
  state.noticed = true;
  setCalm(calm);
  $("notice").close();
  player.play();
}

function setCalm(calm) {
  state.calm = calm;
  document.body.classList.toggle("calm", calm);
  $("calm").setAttribute("aria-pressed", String(calm));
  try {
    if (state.noticed) sessionStorage.setItem(LOOK, calm ? "calm" : "full");
  } catch {
    /* asked again next time */
  }
}

function speed() {
  player.setRate(RATES[(RATES.indexOf(player.rate) + 1) % RATES.length]);
  $("speed").textContent = `${player.rate}×`;
}

function mute() {
  $("video").muted = !$("video").muted;
  $("mute").setAttribute("aria-pressed", String($("video").muted));
}

function move(seconds) {
  player.seek(player.position + seconds);
}

function toggleList(open = !document.body.classList.contains("listing")) {
  document.body.classList.toggle("listing", open);
  $("list-button").setAttribute("aria-expanded", String(open));
  if (open) {
    $("list").focus();
    state.list.current?.row.scrollIntoView({ block: "center" });
  }
}

function announce(text) {
  $("announce").textContent = text;
}

let toastTimer = 0;

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => ($("toast").hidden = true), 6000);
}

/* Keys */

const KEYS = {
  a: () => (trim.points ? acceptTrim() : judge("accept", state.verdicts.of(state.list.current?.id)?.trim ?? null)),
  r: () => judge("reject"),
  x: () => state.verdicts.of(state.list.current?.id) && judge(null),
  u: undo,
  n: () => $("note").focus(),
  t: () => (trim.points ? endTrim() : beginTrim()),
  i: () => setPoint(0),
  o: () => setPoint(1),
  j: (event) => state.list.go(1, event.shiftKey),
  k: (event) => state.list.go(-1, event.shiftKey),
  s: speed,
  m: mute,
  c: () => setCalm(!state.calm),
  " ": play,
  ",": () => move(-1 / FPS),
  ".": () => move(1 / FPS),
  arrowleft: (event) => move(event.shiftKey ? -5 : -1),
  arrowright: (event) => move(event.shiftKey ? 5 : 1),
  home: () => player.seek(player.range[0]),
  end: () => player.seek(player.range[1]),
  "/": () => {
    toggleList(true);
    $("search").focus();
  },
  "?": () => $("help").showModal(),
};

function isText(element) {
  return element.matches("input:not([type=range])");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase(), target = event.target;
  if (isText(target)) {
    if (key === "enter" || key === "escape") leaveText(event, key);
    return;
  }
  if (key === "escape") {
    if (trim.points) endTrim();
    else toggleList(false);
    return;
  }
  if (key === "enter" && trim.points && !target.closest("button")) return event.preventDefault(), acceptTrim();
  if (key === " " && target.closest("button, summary")) return; // a button's own key
  const action = KEYS[key] ?? (event.key === "?" ? KEYS["?"] : null);
  if (!action || !state.list) return;
  event.preventDefault();
  action(event);
});

function leaveText(event, key) {
  event.preventDefault();
  if (event.target === $("note") && key === "escape") $("note").value = state.verdicts.of(state.list.current?.id)?.note ?? "";
  if (event.target === $("note")) keepNote();
  if (event.target === $("search") && key === "escape") {
    $("search").value = "";
    state.list.search("");
  }
  event.target.blur();
  $("list").focus({ preventScroll: true });
  if (event.target === $("search") && key === "enter") state.list.choose(state.list.shown.find((item) => state.list.fits(item) && state.list.found(item)));
}

function wire() {
  const clicks = {
    play, speed, mute, undo,
    accept: () => KEYS.a(),
    reject: () => KEYS.r(),
    clear: () => KEYS.x(),
    "trim-button": () => KEYS.t(),
    "set-in": () => setPoint(0),
    "set-out": () => setPoint(1),
    whole: () => trim.reset(),
    "trim-accept": acceptTrim,
    "trim-cancel": endTrim,
    previous: () => state.list.go(-1),
    next: () => state.list.go(1),
    calm: () => setCalm(!state.calm),
    "help-button": () => $("help").showModal(),
    "list-button": () => toggleList(),
    "start-full": () => begin(false),
    "start-calm": () => begin(true),
    all: () => {
      $("search").value = "";
      state.list.words = [];
      state.list.show("all");
    },
  };
  for (const [id, action] of Object.entries(clicks)) $(id).addEventListener("click", action);
  $("search").addEventListener("input", () => state.list.search($("search").value));
  $("note").addEventListener("change", keepNote);
  $("seek").addEventListener("input", () => player.seek(Number($("seek").value)));
  trim.addEventListener("moved", ({ detail }) => {
    trimSaid();
    if (detail !== null && !player.playing) player.seek(detail);
  });
  player.addEventListener("state", () => {
    document.body.classList.toggle("playing", player.playing);
    $("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  });
  player.addEventListener("way", way);
  new ResizeObserver(redraw).observe($("strip"));
  state.list.addEventListener("choose", () => {
    look();
    if (document.activeElement?.closest("#side") && matchMedia("(max-width: 52rem), (max-height: 30rem)").matches) toggleList(false);
  });
  state.list.addEventListener("shown", countSoon);
  state.verdicts.addEventListener("change", ({ detail }) => {
    state.list.refresh(detail);
    verdictShown();
  });
  state.verdicts.addEventListener("saved", ({ detail }) => {
    $("saved").textContent = detail.text;
    $("saved").dataset.state = detail.state;
  });
  state.verdicts.addEventListener("conflict", ({ detail }) => {
    toast(`Somebody else has judged “${state.list.byId.get(detail.id)?.title ?? detail.id}” meanwhile: ${said(state.verdicts.of(detail.id))}. Your word was not kept.`);
    state.list.choose(state.list.byId.get(detail.id) ?? state.list.current);
  });
  state.verdicts.addEventListener("refused", ({ detail }) => toast(`Not kept: ${detail.text}`));
}

function filters() {
  $("filters").replaceChildren(
    ...FILTERS.map(([value, text]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.value = value;
      button.append(`${text} `, document.createElement("span"));
      button.addEventListener("click", () => state.list.show(value));
      return button;
    }),
  );
}

function refusals(rows) {
  $("refusals").hidden = !rows.length;
  $("refusals").querySelector("summary").textContent = `${many(rows.length, "file")} that did not become a take`;
  $("refusals").querySelector("ul").replaceChildren(
    ...rows.map(({ name, reason }) => {
      const line = document.createElement("li"), bold = document.createElement("b");
      bold.textContent = name;
      line.append(bold, ` ${reason}`);
      return line;
    }),
  );
}

async function main() {
  try {
    state.set = await (await get("/api/review")).json();
  } catch (error) {
    return toast(`The set cannot be shown: ${error.message}`);
  }
  const { set } = state;
  $("set-name").firstChild.textContent = set.name;
  $("note").maxLength = set.most_note;
  trim.least = set.least_trim_s;
  state.verdicts = new Verdicts(set.judged, set.rev);
  filters();
  state.list = new List($("list"), itemsOf(set.takes), state.verdicts);
  refusals(set.refusals);
  wire();
  try {
    const before = sessionStorage.getItem(LOOK);
    state.noticed = before !== null;
    setCalm(before === null ? matchMedia("(prefers-reduced-motion: reduce)").matches : before === "calm");
  } catch {
    setCalm(matchMedia("(prefers-reduced-motion: reduce)").matches);
  }
  $("saved").textContent = "All saved";
  counts();
  const first = state.list.items.find((item) => !state.list.decided(item)) ?? state.list.items[0];
  if (first) state.list.choose(first);
  else toast("There is no take in this set.");
  $("list").focus({ preventScroll: true });
  requestAnimationFrame(frame);
  document.body.classList.add("ready");
}

globalThis.review = { state, player, trim, measures };
main();
