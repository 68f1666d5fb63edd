/* Elements from code. Text of songs and people only ever becomes text. */

export const $ = (id) => document.getElementById(id);

/** An element: properties and attributes by name, `on` for listeners, then children (texts stay texts). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the page's icons. */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  picture.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  picture.append(use);
  return picture;
}

/** A button: {icon, text, label, class, on…}. */
export function button({ icon: name, text, label, ...rest }, act) {
  const given = { type: "button", ...rest, on: { click: act } };
  if (label) given["aria-label"] = given.title = label;
  return make("button", given, name ? icon(name) : null, text ? make("span", { text }) : null);
}

export const toggled = (element, on) => element.setAttribute("aria-pressed", String(on));

/** "just now", "5 min ago", "yesterday", a date */
export function agoText(when_s, now_s = Date.now() / 1000) {
  const ago = Math.max(0, now_s - when_s);
  if (ago < 60) return "just now";
  if (ago < 3600) return `${Math.floor(ago / 60)} min ago`;
  if (ago < 86400) return `${Math.floor(ago / 3600)} h ago`;
  if (ago < 2 * 86400) return "yesterday";
  return new Date(when_s * 1000).toLocaleDateString();
}

let saying = 0;

/** Tell screen readers, and eyes for some seconds. */
export function say(text) {
  $("say").textContent = text;
  $("say").classList.toggle("shown", text !== "");
  clearTimeout(saying);
  saying = setTimeout(() => $("say").classList.remove("shown"), 2600);
}

/** What went wrong and what to do, as sentences. */
export function sentences(...texts) {
  const whole = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");
  return texts.filter(Boolean).map((text) => whole(String(text).trim())).join(" ");
}

let alarming = 0;

/** Something went wrong: an ApiError, or any other. */
export function complain(error, place = $("alarm")) {
  place.textContent = error.error ? sentences(error.error, error.hint) : sentences(error.message || String(error));
  place.hidden = false;
  if (place !== $("alarm")) return;
  clearTimeout(alarming);
  alarming = setTimeout(() => (place.hidden = true), 9000);
}

/** Ask before something that cannot be taken back. */
export function ask(title, text, yes) {
  const dialog = $("ask");
  $("ask-title").textContent = title;
  $("ask-text").textContent = text;
  $("ask-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
