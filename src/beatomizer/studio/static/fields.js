/* The inspector's fields: each is {element, set(…)} and says what a hand did. */

import { button, icon, make } from "./elements.js";
import { ALL_LOOKS, GROUPS, GROUP_WORDS, WORDS, drawLook } from "./looks.js";
import { zonesOf } from "./edits.js";

const cap = (word) => word.charAt(0).toUpperCase() + word.slice(1);
const PAUSE_MS = 900;
let count = 0;

/** A titled group. */
export function group(title, ...children) {
  return make("fieldset", { class: "field" }, title ? make("legend", { text: title }) : null, ...children);
}

/** A slider with its name and its value in words. `on(value)` hears every move, `settle()` the end. */
export function slider({ label, min, max, step, text, on, settle, title = "" }) {
  const id = `slider-${++count}`, output = make("output", { for: id });
  const input = make("input", { id, type: "range", min: String(min), max: String(max), step: String(step), title });
  const show = () => {
    output.textContent = text(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  let byKey = false, pause = 0;
  input.addEventListener("keydown", () => (byKey = true));
  input.addEventListener("pointerdown", () => (byKey = false));
  input.addEventListener("input", () => (show(), on(input.valueAsNumber)));
  // Many presses of a key are one step to undo.
  input.addEventListener("change", () => {
    clearTimeout(pause);
    pause = setTimeout(settle, byKey ? PAUSE_MS : 0);
  });
  const element = make("div", { class: "slider" }, make("label", { for: id, text: label }), output, input);
  return {
    element,
    input,
    set(value, free = true) {
      input.disabled = !free;
      if (document.activeElement !== input || Math.abs(input.valueAsNumber - value) > step) input.value = String(value);
      show();
    },
  };
}

/** Arrow keys move between the buttons of a group, of which Tab reaches one. */
export function roving(room, buttons) {
  room.addEventListener("keydown", (event) => {
    const all = buttons(), at = all.indexOf(document.activeElement);
    const columns = Math.max(1, Math.round(room.clientWidth / (all[0]?.offsetWidth + 6 || 1)));
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (at < 0 || !way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    all[Math.max(0, Math.min(all.length - 1, at + way))].focus();
  });
}

/** Tab's way into a group: the chosen one, else the first. */
function reach(buttons) {
  const chosen = buttons.find((one) => one.getAttribute("aria-checked") === "true" || one.getAttribute("aria-pressed") === "true") ?? buttons[0];
  for (const one of buttons) one.tabIndex = one === chosen ? 0 : -1;
}

/** The looks as moving pictures. `on(look)`; `none` adds "None" before them. */
export function lookGrid({ label, on, none = false }) {
  const names = [...(none ? [""] : []), ...ALL_LOOKS.filter((look) => !none || look !== "blackout")];
  const tiles = names.map((look) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const tile = make("button", { type: "button", class: "look", role: "radio", title: look ? WORDS[look] : "No accent", on: { click: () => on(look) } },
      canvas, make("span", { text: look ? cap(look) : "None" }));
    tile.setAttribute("aria-description", look ? WORDS[look] : "No accent over the whole stage");
    return { tile, canvas, look };
  });
  const element = make("div", { class: "looks", role: "radiogroup", "aria-label": label }, ...tiles.map((each) => each.tile));
  const buttons = tiles.map((each) => each.tile);
  roving(element, () => buttons);
  let colors = [], zones = "all", chosen = null;
  return {
    element,
    set(look, wanted, where = "all") {
      [colors, zones, chosen] = [wanted, where, look];
      for (const each of tiles) each.tile.setAttribute("aria-checked", String(each.look === (look ?? "")));
      reach(buttons);
      this.draw(null);
    },
    /** One frame; `beat` null: stills. Without music only the tile at hand and the chosen one move. */
    draw(beat, playing = false) {
      for (const { tile, canvas, look } of tiles) {
        const moves = beat !== null && (playing || look === chosen || tile.matches(":hover, :focus-visible"));
        const still = `${colors} ${zones} ${canvas.clientWidth}`;
        if (!moves && canvas.still === still) continue;
        canvas.still = moves ? "" : still;
        drawLook(canvas, look || "blackout", colors, moves ? beat : null, zones);
      }
    },
  };
}

/** Colours as chips. `on(colors, changed)`: the new ones; the place exchanged, "added" or the colour removed. */
export function colorRow({ on, palette }) {
  const chips = make("div", { class: "chips", role: "radiogroup", "aria-label": "Colours, the first one leads" });
  const swatches = make("div", { class: "swatches", role: "group", "aria-label": "Colours of the song" });
  const own = make("input", { type: "color", "aria-label": "A colour of your own", title: "A colour of your own" });
  const less = button({ icon: "minus", label: "Remove this colour", class: "tool" }, () => {
    if (colors.length < 2) return;
    const gone = colors[active];
    on(colors.filter((_, i) => i !== active), { removed: gone });
  });
  const more = button({ icon: "plus", label: "Add a colour", class: "tool" }, () => {
    const free = palette().find((color) => !colors.includes(color)) ?? "#ffffff";
    const wanted = [...colors, colors.includes(free) ? "#8ab4ff" : free];
    active = colors.length;
    on(wanted, { added: true });
  });
  const turn = button({ icon: "idea", label: "Change places: the next colour leads", class: "tool" }, () => on([...colors.slice(1), colors[0]], {}));
  let colors = [], active = 0, shown = "";
  const exchange = (color, live) => {
    if (!colors.length) return;
    // A colour that is there already changes places with the chosen one.
    const other = colors.indexOf(color);
    on(colors.map((each, i) => (i === active ? color : i === other ? colors[active] : each)), { live });
  };
  own.addEventListener("input", () => exchange(own.value, true));
  own.addEventListener("change", () => exchange(own.value, false));
  roving(chips, () => [...chips.children]);
  roving(swatches, () => [...swatches.children]);
  const choose = (i) => {
    active = i;
    [...chips.children].forEach((chip, n) => chip.setAttribute("aria-checked", String(n === active)));
    reach([...chips.children]);
    if (colors[active] && document.activeElement !== own) own.value = colors[active];
  };
  const chip = (color, i) => {
    const one = make("button", { type: "button", class: "chip-color", role: "radio", title: `${["Leads", "Answers", "Accent"][i] ?? "Colour"}: ${color}`, "aria-label": `${["Leading", "Answering", "Accent"][i] ?? "Further"} colour ${color}`, on: { click: () => choose(i) } });
    one.style.setProperty("--color", color);
    return one;
  };
  return {
    element: group("Colours", make("div", { class: "line" }, chips, make("span", { class: "push" }), turn, less, more), make("div", { class: "line" }, swatches, own)),
    set(wanted) {
      const songs = palette(), state = `${wanted} ${songs}`;
      colors = wanted;
      active = Math.max(0, Math.min(active, colors.length - 1));
      less.disabled = turn.disabled = colors.length < 2;
      if (state !== shown) {
        const focus = chips.contains(document.activeElement);
        shown = state;
        chips.replaceChildren(...colors.map(chip));
        const within = swatches.contains(document.activeElement) ? [...swatches.children].indexOf(document.activeElement) : -1;
        swatches.replaceChildren(...songs.map((color) => {
          const one = make("button", { type: "button", class: "swatch", "aria-label": `Use ${color}`, title: color, on: { click: () => exchange(color, false) } });
          one.style.setProperty("--color", color);
          return one;
        }));
        reach([...swatches.children]);
        if (within >= 0) swatches.children[within]?.focus();
        if (focus) chips.children[active]?.focus();
      }
      choose(active);
    },
  };
}

/** Which lights: groups by name, and, on stages that fit, each by itself. `on(zones)` */
export function zoneField({ label, count: zones, on }) {
  const names = GROUPS.map((name) => make("button", { type: "button", class: "pick", role: "radio", text: GROUP_WORDS[name], on: { click: () => on(name) } }));
  const choices = make("div", { class: "picks", role: "radiogroup", "aria-label": label }, ...names);
  roving(choices, () => names);
  const lamps = make("div", { class: "lamps", role: "group", "aria-label": "Single lights" });
  roving(lamps, () => [...lamps.children]);
  let now = [], made = 0;
  const flip = (zone) => {
    const next = now.includes(zone) ? now.filter((other) => other !== zone) : [...now, zone].sort((a, b) => a - b);
    if (!next.length) return;
    const named = GROUPS.find((name) => String(zonesOf(name, zones())) === String(next));
    on(named ?? next);
  };
  return {
    element: group(label, lamps, choices),
    set(value) {
      const total = zones();
      now = zonesOf(value, total);
      if (made !== total) {
        made = total;
        lamps.hidden = total > 16 || total < 2;
        lamps.replaceChildren(...(lamps.hidden ? [] : now.constructor.from({ length: total }, (_, zone) =>
          make("button", { type: "button", class: "lamp", "aria-label": `Light ${zone + 1}`, on: { click: () => flip(zone) } }))));
      }
      [...lamps.children].forEach((lamp, zone) => lamp.setAttribute("aria-pressed", String(now.includes(zone))));
      names.forEach((one, i) => one.setAttribute("aria-checked", String(GROUPS[i] === value)));
      reach(names);
      reach([...lamps.children]);
    },
  };
}

export { button, icon, make, cap };
