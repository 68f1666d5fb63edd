/* The parts of the song as buttons over the picture: for fingers, keyboards and screen readers. */

import * as actions from "../actions.js";
import { sectionAt, stepped } from "../edits.js";

const PIN = "M9.5 1.5 14.5 6.5 13 7 10.5 9.5 10 13 6.8 9.8 2 14.5 1.5 14 6.2 9.2 3 6 6.5 5.5 9 3Z";

export class Parts {
  /** @param room the element that holds the buttons. @param timeline for store, view and what to do. */
  constructor(room, timeline) {
    this.room = room;
    this.timeline = timeline;
    this.buttons = [];
    this.current = 0; // the one that Tab reaches
    room.addEventListener("keydown", (event) => this.key(event));
    room.addEventListener("focusin", (event) => this.focused(event));
    room.addEventListener("click", (event) => {
      const at = this.buttons.indexOf(event.target.closest("button"));
      // A click without a pointer: Enter, Space or a screen reader. Pointers are the hands' business.
      if (at >= 0 && event.detail === 0) this.open(at);
    });
  }

  open(index) {
    this.timeline.store.select({ kind: "section", index }, true);
    this.timeline.store.tell("inspect");
  }

  update() {
    const { store, view } = this.timeline, sections = store.cues?.sections ?? [];
    while (this.buttons.length > sections.length) this.buttons.pop().remove();
    while (this.buttons.length < sections.length) this.buttons.push(this.made());
    this.current = Math.max(0, Math.min(this.current, sections.length - 1));
    const chosen = store.selection?.kind === "section" ? store.selection.index : -1;
    sections.forEach((section, i) => {
      const button = this.buttons[i], from = view.x(section.start_s), to = view.x(section.end_s);
      const hidden = to < 0 || from > view.width;
      button.hidden = hidden && document.activeElement !== button;
      if (hidden) return;
      const left = Math.max(-6, from), width = Math.max(2, Math.min(view.width + 6, to) - left - 1);
      button.style.transform = `translateX(${left.toFixed(2)}px)`;
      button.style.width = `${width.toFixed(2)}px`;
      button.tabIndex = i === this.current ? 0 : -1;
      button.setAttribute("aria-pressed", String(i === chosen));
      const kept = store.isKept(section), name = actions.sectionName(section);
      const state = `${name}|${section.label}|${section.kind}|${kept}|${width < 26}|${width < 84}|${section.start_s}|${section.end_s}`;
      if (button.state === state) return;
      button.state = state;
      button.dataset.kind = section.name === "chorus" ? "chorus" : section.kind;
      button.classList.toggle("kept", kept);
      button.classList.toggle("narrow", width < 26);
      button.classList.toggle("tight", width < 84);
      button.firstChild.textContent = name;
      button.children[1].textContent = section.label;
      const place = `${actions.clockText(section.start_s)} to ${actions.clockText(section.end_s)}`;
      button.setAttribute("aria-label", `${name}, ${place}${section.label ? `, like ${section.label}` : ""}${kept ? ", kept" : ""}`);
      button.title = `${name} · ${place}${kept ? " · kept when you ask for another idea" : ""}`;
    });
  }

  made() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "part";
    const name = document.createElement("span"), letter = document.createElement("span");
    letter.className = "letter";
    const pin = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(pin.namespaceURI, "path");
    pin.setAttribute("viewBox", "0 0 16 16");
    pin.setAttribute("aria-hidden", "true");
    path.setAttribute("d", PIN);
    pin.append(path);
    button.append(name, letter, pin);
    this.room.append(button);
    return button;
  }

  focused(event) {
    const at = this.buttons.indexOf(event.target);
    if (at < 0) return;
    this.buttons[this.current]?.setAttribute("tabindex", "-1");
    this.current = at;
    event.target.tabIndex = 0;
    if (event.target.matches(":focus-visible")) this.reveal(at);
  }

  reveal(index) {
    const { start_s, end_s } = this.timeline.store.cues.sections[index];
    if (this.timeline.view.reveal(start_s, end_s)) this.timeline.refresh();
  }

  focus(index) {
    const at = Math.max(0, Math.min(this.buttons.length - 1, index));
    if (!this.buttons[at]) return;
    this.reveal(at);
    this.timeline.paintNow();
    this.buttons[at].hidden = false;
    this.buttons[at].focus({ preventScroll: true });
  }

  key(event) {
    const at = this.buttons.indexOf(event.target), { store } = this.timeline;
    if (at < 0 || event.ctrlKey || event.metaKey) return;
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const to = { Home: 0, End: this.buttons.length - 1 }[event.key];
    if (event.altKey && way) this.moveBoundary(event.shiftKey ? at + 1 : at, way, at);
    else if (event.altKey) return;
    else if (way) this.focus(at + way);
    else if (to !== undefined) this.focus(to);
    else if (event.key === "p" || event.key === "P") this.pin(at);
    else if (event.key === "F2") (this.open(at), store.tell("rename"));
    else if (event.key === "Delete" || event.key === "Backspace") {
      store.select({ kind: "section", index: at });
      this.timeline.say(actions.remove(store));
      this.focus(Math.max(0, at - 1));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The beginning (or, for `index` one further, the end) of the part at hand by a bar. */
  moveBoundary(index, way, at) {
    const { store } = this.timeline, sections = store.cues.sections;
    if (index < 1 || index >= sections.length) return this.timeline.say("This edge of the song stays");
    const before = sections[index].start_s;
    const moved = actions.moveBoundary(store, index, stepped(store.cues, before, way), "bar", `keys ${index}`);
    const now = store.cues.sections[index].start_s;
    this.timeline.say(moved && now !== before ? `Boundary at ${actions.placeText(store.cues, now)}` : "No further");
    this.timeline.paintNow();
    this.buttons[at].focus({ preventScroll: true });
  }

  pin(index) {
    const { store } = this.timeline, section = store.cues.sections[index], on = !store.isKept(section);
    store.keep(section.start_s, section.end_s, on);
    this.timeline.say(`${actions.sectionName(section)} ${on ? "is kept" : "may change"} with another idea`);
  }

  /** The button that Tab reaches follows the selection, or, without one, the playhead. */
  follow() {
    const { store, transport } = this.timeline;
    if (this.room.contains(document.activeElement) || !store.cues) return;
    this.current = store.selection?.kind === "section" ? store.selection.index : Math.max(0, sectionAt(store.cues, transport.position_s));
  }
}
