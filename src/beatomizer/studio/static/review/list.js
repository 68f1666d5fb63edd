/* The list of takes and clips: which of them are shown, which one is current, what was said about each. */

import { lightOf } from "./light.js";
import { lightPicture } from "./ribbon.js";
import { clock, many, said } from "./words.js";

export const FILTERS = [
  ["all", "All"],
  ["undecided", "Undecided"],
  ["flagged", "Flagged"],
  ["accept", "Accepted"],
  ["reject", "Rejected"],
  ["out", "Left out"],
];

const SIGNS = { accept: "✓", reject: "✕", trim: "✂" };

/** Takes and their clips in one row: {id, kind, take, clip, number, title, range, flags, parent, children}. */
export function itemsOf(takes) {
  const items = [];
  for (const take of takes) {
    for (const clip of take.clips) clip.number = Number(clip.key.slice(17));
    const end = Math.max(take.duration_s, 0.1);
    const head = { id: take.id, kind: "take", take, title: take.title, range: [0, end], flags: take.flags, out: !take.split, children: [] };
    items.push(head);
    for (const clip of take.clips) {
      const start = clip.number * 15;
      const item = { id: clip.key, kind: "clip", take, clip, title: take.title, range: [start, start + 15] };
      Object.assign(item, { flags: clip.problem ? [clip.problem] : [], out: !clip.used, parent: head, children: [] });
      head.children.push(item);
      items.push(item);
    }
  }
  return items;
}

export class List extends EventTarget {
  constructor(element, items, verdicts) {
    super();
    this.element = element;
    this.items = items;
    this.verdicts = verdicts;
    this.filter = "all";
    this.words = [];
    this.current = null;
    this.byId = new Map(items.map((item) => [item.id, item]));
    this.lazy = new IntersectionObserver((seen) => seen.forEach((one) => this.paint(one)), { root: element, rootMargin: "200px" });
    for (const item of items) this.element.append(this.row(item));
    element.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.choose(this.byId.get(row.dataset.id));
    });
    element.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.go(step);
    });
    this.refresh();
  }

  row(item) {
    const row = document.createElement("div");
    row.id = `item-${item.id}`;
    row.className = `row ${item.kind}`;
    row.dataset.id = item.id;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    const name = item.kind === "take" ? item.title : clock(item.range[0]);
    const count = item.kind === "take" ? many(item.children.length, "clip") : "";
    for (const [kind, text] of [["sign", ""], ["name", name], ["count", count], ["flag", item.flags.join(", ")]]) {
      const part = document.createElement("span");
      part.className = kind;
      part.textContent = text;
      row.append(part);
    }
    const mini = document.createElement("canvas");
    mini.setAttribute("aria-hidden", "true");
    row.append(mini);
    item.row = row;
    this.lazy.observe(row);
    return row;
  }

  async paint({ isIntersecting, target }) {
    if (!isIntersecting) return;
    this.lazy.unobserve(target);
    const item = this.byId.get(target.dataset.id);
    if (!item.take.clips.length) return;
    try {
      const light = await lightOf(item.take.id);
      const picture = lightPicture(light, item.kind === "take" ? [0, item.take.clips.length * 15] : item.range, 120);
      const mini = target.querySelector("canvas");
      mini.width = picture.width;
      mini.height = picture.height;
      mini.getContext("2d").drawImage(picture, 0, 0);
    } catch {
      /* a ribbon is only a help */
    }
  }

  /** [judgement, own]: what holds for an item; a clip without a word of its own has its take's. */
  standing(item) {
    const own = this.verdicts.of(item.id);
    const taken = item.parent && this.verdicts.of(item.parent.id);
    if (own && !(taken && taken.verdict === "reject")) return [own, true];
    return taken ? [{ ...taken, trim: null }, false] : [own, true];
  }

  decided(item) {
    if (item.kind === "take" && item.children.length) return !!this.verdicts.of(item.id) || item.children.every((clip) => this.decided(clip));
    return !!this.standing(item)[0];
  }

  /** What is counted: clips, and takes that have none. */
  units() {
    return this.items.filter((item) => !item.children.length);
  }

  fits(item, filter = this.filter) {
    const [judgement, own] = this.standing(item);
    if (filter === "undecided") return !this.decided(item);
    if (filter === "flagged") return item.flags.length > 0;
    if (filter === "out") return item.out;
    if (filter === "accept" || filter === "reject") return own && judgement?.verdict === filter;
    return true;
  }

  found(item) {
    if (!this.words.length) return true;
    const note = this.verdicts.of(item.id)?.note ?? "";
    const text = `${item.title} ${item.id} ${item.flags.join(" ")} ${item.take.reason} ${item.take.told.join(" ")} ${note}`.toLowerCase();
    return this.words.every((word) => text.includes(word));
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.refresh();
  }

  show(filter) {
    this.filter = filter;
    this.refresh();
  }

  /** Rows as they are now. */
  refresh(ids = null) {
    const changed = ids && new Set(ids.flatMap((id) => [id, this.byId.get(id)?.parent?.id, ...(this.byId.get(id)?.children ?? []).map((one) => one.id)]));
    for (const item of this.items) if (!changed || changed.has(item.id)) this.mark(item);
    const shown = new Set();
    for (const item of this.items) {
      if (!this.fits(item) || !this.found(item)) continue;
      shown.add(item);
      if (item.parent) shown.add(item.parent);
    }
    if (this.current) shown.add(this.current);
    for (const item of this.items) item.row.hidden = !shown.has(item);
    this.shown = this.items.filter((item) => shown.has(item));
    this.dispatchEvent(new Event("shown"));
  }

  mark(item) {
    const [judgement, own] = this.standing(item);
    const kind = !judgement ? "" : judgement.verdict === "accept" && judgement.trim ? "trim" : judgement.verdict;
    item.row.dataset.verdict = judgement?.verdict ?? "";
    item.row.classList.toggle("inherited", !!judgement && !own);
    item.row.classList.toggle("out", item.out);
    item.row.querySelector(".sign").textContent = SIGNS[kind] ?? "";
    const place = item.kind === "take" ? many(item.children.length, "clip") : `clip ${item.clip.number + 1}, ${clock(item.range[0])}`;
    const flags = item.flags.length ? `flagged ${item.flags.join(", ")}` : "";
    item.row.setAttribute("aria-label", [item.title, place, flags, said(judgement, own)].filter(Boolean).join("; "));
  }

  choose(item, quietly = false) {
    if (!item) return;
    const before = this.current;
    this.current = item;
    if (before) before.row.setAttribute("aria-selected", "false");
    item.row.hidden = false;
    item.row.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", item.row.id);
    item.row.scrollIntoView({ block: "nearest" });
    if (before && before !== item) this.refresh([before.id]);
    if (!quietly) this.dispatchEvent(new Event("choose"));
  }

  /** The next or previous row; with `takes` the next or previous take. */
  go(step, takes = false) {
    const at = this.shown.indexOf(this.current);
    for (let next = at + step; next >= 0 && next < this.shown.length; next += step)
      if (!takes || this.shown[next].kind === "take") return this.choose(this.shown[next]);
  }

  /** The next undecided one after the current, among those that are shown; from the beginning if there is none. */
  nextUndecided() {
    const at = this.shown.indexOf(this.current);
    const ordered = [...this.shown.slice(at + 1), ...this.shown.slice(0, at)];
    return ordered.find((item) => !this.decided(item) && this.fits(item, "undecided") && this.found(item)) ?? null;
  }
}
