"use strict";
/* Verdicts live in the page, in the browser's own store where there is one, and in the file that "Save verdicts" gives. */

const KEY = "beatomizer-review-" + document.body.dataset.set;
const takes = [...document.querySelectorAll(".take")];
const items = [...document.querySelectorAll("[data-id]")];
const byId = new Map(items.map((item) => [item.dataset.id, item]));
const before = new Map(items.map((item) => [item.dataset.id, { verdict: item.dataset.verdict, note: noteOf(item) }]));
const steps = []; // what "undo" takes back: [id, verdict before]
let current = -1;

function noteField(item) {
  return item.matches(".take") ? item.querySelector(".note") : null;
}

function noteOf(item) {
  const field = noteField(item);
  return field ? field.value.trim() : "";
}

function show(item, verdict) {
  item.dataset.verdict = verdict;
  for (const name of ["accept", "reject"]) {
    const button = item.querySelector(`:scope > * > .buttons > .${name}, :scope > .buttons > .${name}`);
    if (button) button.setAttribute("aria-pressed", String(verdict === name));
  }
}

function judge(item, verdict) {
  if (item.dataset.verdict === verdict) return;
  steps.push([item.dataset.id, item.dataset.verdict]);
  show(item, verdict);
  keep();
}

function undo() {
  const step = steps.pop();
  if (!step) return;
  show(byId.get(step[0]), step[1]);
  keep();
}

function keep() {
  const count = (verdict) => takes.filter((take) => take.dataset.verdict === verdict).length;
  const clips = items.filter((item) => item.matches(".clip") && item.dataset.verdict).length;
  const text = `${takes.length} takes · ${count("accept")} accepted · ${count("reject")} rejected` + (clips ? ` · ${clips} clips judged` : "");
  document.getElementById("count").textContent = text;
  try {
    localStorage.setItem(KEY, JSON.stringify(changes()));
  } catch {
    /* no store: the file that is saved is what counts */
  }
}

/** [id, verdict, note] of everything that was judged or whose verdict was taken back. */
function changes() {
  const rows = [];
  for (const item of items) {
    const was = before.get(item.dataset.id), verdict = item.dataset.verdict, note = noteOf(item);
    if (verdict || was.verdict) rows.push([item.dataset.id, verdict || "undecided", note]);
  }
  return rows;
}

function cell(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save() {
  const lines = [["id", "verdict", "note"], ...changes()].map((row) => row.map(cell).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
  link.download = "verdicts.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function restore() {
  let rows = [];
  try {
    rows = JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return;
  }
  for (const row of Array.isArray(rows) ? rows : []) {
    const [id, verdict, note] = Array.isArray(row) ? row : [];
    const item = byId.get(id);
    if (!item || !["accept", "reject", "undecided"].includes(verdict)) continue;
    show(item, verdict === "undecided" ? "" : verdict);
    const field = noteField(item);
    if (field && typeof note === "string") field.value = note;
  }
}

function filter() {
  const wanted = document.getElementById("filter").value;
  for (const take of takes) {
    const fits = { all: true, undecided: !take.dataset.verdict, flagged: take.matches(".flagged"), out: take.matches(".out") };
    take.hidden = !(wanted in fits ? fits[wanted] : take.dataset.verdict === wanted);
  }
}

function go(step) {
  for (let at = current + step; at >= 0 && at < takes.length; at += step) {
    if (takes[at].hidden) continue;
    choose(at);
    takes[at].focus({ preventScroll: true });
    takes[at].scrollIntoView({ block: "start" });
    return;
  }
}

function choose(at) {
  if (takes[current]) takes[current].classList.remove("current");
  current = at;
  takes[at].classList.add("current");
}

/** The clip that has the focus, else the current take. */
function target() {
  const clip = document.activeElement && document.activeElement.closest(".clip");
  return clip || takes[current];
}

document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-id]"), button = event.target.closest("button");
  const take = event.target.closest(".take");
  if (take) choose(takes.indexOf(take));
  if (!item || !button) return;
  if (button.matches(".accept, .reject")) judge(item, button.matches(".accept") ? "accept" : "reject");
  else judge(item, "");
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Escape" || event.key === "Enter") event.target.blur();
    return;
  }
  const item = target();
  const actions = {
    j: () => go(1),
    k: () => go(-1),
    a: () => item && judge(item, "accept"),
    r: () => item && judge(item, "reject"),
    u: undo,
    n: () => item && item.closest(".take").querySelector(".note").focus(),
    c: () => takes[current] && takes[current].querySelector("details")?.toggleAttribute("open"),
    s: save,
  };
  const action = actions[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("input", (event) => event.target.matches(".note") && keep());
document.getElementById("filter").addEventListener("change", filter);
document.getElementById("save").addEventListener("click", save);
restore();
for (const item of items) show(item, item.dataset.verdict);
keep();
