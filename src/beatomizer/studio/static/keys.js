/* Keys. They are never taken from text fields, and not from what has its own use for them. */

import { $, make } from "./elements.js";

const KEYS = [
  ["Space", "play or pause"], ["← →", "5 seconds back or on; with Shift a bar"], ["Home End", "first or last moment"],
  ["B", "blackout, and light again"], ["C", "calm light: slow, without pulses"], ["F", "fullscreen"], ["M", "sound off or on"],
  ["L", "loop the chosen section, or this one"], ["S", "split the section here"], ["Delete", "delete what is chosen"],
  ["Ctrl+Z", "undo; with Shift: redo"], ["+ − 0", "zoom in, out, whole song"], ["E", "export"], ["Esc", "close, or choose nothing"], ["?", "this list"],
];

const OWN_ARROWS = "select, [role=tab], [role=slider], [role=radio], input, textarea, [contenteditable], .lamp";

/** Whether a key goes to the element that has the focus. */
function isTheirs(event) {
  const target = event.target instanceof Element ? event.target : document.body, key = event.key;
  const tag = target.tagName, type = tag === "INPUT" ? target.type : "";
  if (tag === "TEXTAREA" || target.isContentEditable || (tag === "INPUT" && !["range", "checkbox", "radio", "color", "file", "button"].includes(type))) return true;
  if (/^(Arrow|Home|End|Page)/.test(key)) return target.matches(OWN_ARROWS);
  if (key === " ") return ["BUTTON", "SELECT", "SUMMARY", "A"].includes(tag) || ["checkbox", "radio", "color"].includes(type);
  return tag === "SELECT" && key.length === 1;
}

/** `commands` by key; `everywhere`: those that work behind an open dialog too. */
export function listenToKeys(commands, everywhere) {
  for (const [keys, text] of KEYS) {
    const term = make("dt");
    for (const key of keys.split(" ")) term.append(make("kbd", { text: key }), " ");
    $("keys").append(term, make("dd", { text }));
  }
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const control = event.ctrlKey || event.metaKey;
    const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const name = control ? `Ctrl+${event.shiftKey ? "Shift+" : ""}${letter}` : event.shiftKey && letter.startsWith("Arrow") ? `Shift+${letter}` : letter;
    const command = commands[name];
    if (!command || isTheirs(event)) return;
    if (document.querySelector("dialog[open]") && !everywhere.includes(name)) return;
    if (event.repeat && !/Arrow|[+\-=]|Ctrl/.test(name)) return;
    if (command(event) !== false) event.preventDefault();
  });
  // A button clicked with the mouse gives the focus back, so that Space means play and pause again.
  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("button") : null;
    if (event.detail && pressed && !pressed.closest("dialog, [role=tablist], #lamps")) pressed.blur();
  });
}
