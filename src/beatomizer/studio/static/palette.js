/* The palette: made for the song, one with a name, or one's own colours, also out of a picture. */

import { button, complain, icon, make, say } from "./elements.js";

const MOST = 8; // a show uses five; a few more to choose from
const WAIT_MS = 350;
const SHOWN = 6; // of the named ones, before "More palettes"

function strip(colors) {
  const element = make("span", { class: "strip", "aria-hidden": "true" });
  for (const color of colors.slice(0, 5)) {
    const dot = make("i");
    dot.style.background = color;
    element.append(dot);
  }
  return element;
}

/** `wish(palette, label, wait)`: null (made for the song), a name, or "#rrggbb,#rrggbb". */
export function mountPalette(about, wishes, ofSong, wish) {
  const named = about.palettes ?? [];
  let colors = [], chosen = 0, sent; // `sent`: what was wished last, until the project says the same

  const swatches = make("ol", { class: "swatches", "aria-label": "Colours of this show, the leading one first" });
  const picker = make("input", { type: "color", "aria-label": "Colour" });
  const left = button({ icon: "left", label: "Earlier", class: "plain" }, () => shift(-1));
  const right = button({ icon: "right", label: "Later", class: "plain" }, () => shift(1));
  const drop = button({ icon: "cross", label: "Remove this colour", class: "plain" }, remove);
  const tools = make("div", { class: "row swatch-tools", role: "group", "aria-label": "Chosen colour" }, picker, left, right, drop);
  const file = make("input", { type: "file", accept: "image/*", class: "unseen", tabIndex: -1, "aria-hidden": "true" });
  const fromPicture = button({ icon: "picture", text: "From a picture", class: "word" }, () => file.click());
  const choices = make("div", { class: "palettes", role: "radiogroup", "aria-label": "Named palettes" });
  const radios = [["", "For this song", []], ...named.map(({ name, colors: of }) => [name, name, of])].map(([value, text, of]) => {
    const radio = make("input", { type: "radio", name: "palette", value, class: "unseen" });
    radio.addEventListener("change", () => choose(value || null, value ? `Palette ${value}` : "Palette for this song"));
    const label = make("label", { class: "choice" }, radio, value ? strip(of) : make("span", { class: "strip auto", "aria-hidden": "true" }, icon("note")), make("span", { text }));
    choices.append(label);
    return radio;
  });
  const more = button({ text: "More palettes", class: "word" }, () => unfold(!choices.classList.contains("all")));
  const element = make("section", { class: "part", "aria-labelledby": "part-colours" }, make("h3", { id: "part-colours", text: "Colours" }),
    swatches, tools, choices, make("div", { class: "row" }, more, fromPicture, file));
  unfold(false);

  function unfold(on) {
    choices.classList.toggle("all", on);
    more.setAttribute("aria-expanded", String(on));
    more.firstChild.textContent = on ? "Fewer palettes" : "More palettes";
  }

  function choose(palette, label, wait = WAIT_MS) {
    sent = palette;
    wish(palette, label, wait);
    if (palette && !palette.startsWith("#")) colors = [...named.find(({ name }) => name === palette).colors];
    chosen = Math.min(chosen, Math.max(0, colors.length - 1));
    draw();
  }

  const own = (label, wait) => choose(colors.join(","), label, wait);

  function shift(by) {
    const to = chosen + by;
    if (to < 0 || to >= colors.length) return;
    [colors[chosen], colors[to]] = [colors[to], colors[chosen]];
    chosen = to;
    own("Order of colours");
    say(`Colour ${to + 1} of ${colors.length}`);
    swatches.children[to].firstChild.focus();
  }

  function remove() {
    if (colors.length < 2) return say("The last colour stays");
    colors.splice(chosen, 1);
    chosen = Math.min(chosen, colors.length - 1);
    own("Remove colour");
    swatches.children[chosen].firstChild.focus();
  }

  function add() {
    colors.push(colors.length ? colors[chosen] : "#8ab4ff");
    chosen = colors.length - 1;
    own("Add colour");
    picker.focus();
  }

  function draw() {
    const items = colors.map((color, index) => {
      const swatch = button({ class: "swatch", label: `Colour ${index + 1}, ${color}` }, () => ((chosen = index), draw(), swatches.children[index].firstChild.focus()));
      swatch.style.background = color;
      swatch.draggable = true;
      swatch.setAttribute("aria-pressed", String(index === chosen));
      swatch.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!(event.altKey && by) && event.key !== "Delete") return;
        event.preventDefault();
        event.stopPropagation();
        chosen = index;
        if (by) shift(by);
        else remove();
      });
      swatch.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/x-swatch", String((chosen = index))));
      swatch.addEventListener("dragover", (event) => event.dataTransfer.types.includes("text/x-swatch") && event.preventDefault());
      swatch.addEventListener("drop", (event) => {
        if (!event.dataTransfer.types.includes("text/x-swatch")) return;
        event.preventDefault();
        const [moved] = colors.splice(Number(event.dataTransfer.getData("text/x-swatch")), 1);
        colors.splice(index, 0, moved);
        chosen = index;
        own("Order of colours");
      });
      return make("li", {}, swatch);
    });
    if (colors.length < MOST) items.push(make("li", {}, button({ icon: "plus", label: "Add a colour", class: "swatch add" }, add)));
    const hadFocus = swatches.contains(document.activeElement) ? [...swatches.children].indexOf(document.activeElement.parentElement) : -1;
    swatches.replaceChildren(...items);
    if (hadFocus >= 0) swatches.children[Math.min(hadFocus, items.length - 1)].firstChild.focus();
    tools.hidden = colors.length === 0;
    if (document.activeElement !== picker) picker.value = colors[chosen] ?? "#8ab4ff";
    left.disabled = chosen === 0;
    right.disabled = chosen >= colors.length - 1;
    const value = sent === undefined ? wishes().palette ?? null : sent;
    for (const radio of radios) radio.checked = radio.value === (value ?? "");
    if (radios.findIndex((radio) => radio.checked) >= SHOWN) unfold(true);
  }

  picker.addEventListener("input", () => {
    colors[chosen] = picker.value;
    swatches.children[chosen].firstChild.style.background = picker.value;
  });
  picker.addEventListener("change", () => own("Own colour", 0));
  file.addEventListener("change", () => {
    if (file.files[0]) picture(file.files[0]);
    file.value = "";
  });

  /** Colours out of a picture file. */
  async function picture(picked) {
    try {
      const { paletteOfFile } = await import("./picture.js");
      const found = await paletteOfFile(picked);
      if (!found.length) throw new Error("empty");
      colors = found;
      chosen = 0;
      own("Colours of a picture", 0);
      say(`${found.length} colours from the picture`);
    } catch {
      complain({ error: "No colours could be read from that file.", hint: "Choose a picture: JPEG, PNG, WebP." });
    }
  }

  let drawn = "";
  function show() {
    const wished = wishes().palette ?? null;
    if (sent !== undefined && wished === sent) sent = undefined;
    if (sent !== undefined) return; // a wish is on its way: what the person chose stays in sight
    const now = wished?.startsWith("#") ? wished.split(",") : named.find(({ name }) => name === wished)?.colors ?? ofSong();
    if (JSON.stringify([wished, now]) === drawn) return;
    drawn = JSON.stringify([wished, now]);
    colors = [...now];
    chosen = Math.min(chosen, Math.max(0, colors.length - 1));
    draw();
  }

  return { element, show, picture };
}
