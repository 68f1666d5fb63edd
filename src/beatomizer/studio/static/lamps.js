/* Lamps that are moved by hand: dragged by pointer at any time, by keys while "Arrange" is on. */

import { $, make, say, toggled } from "./elements.js";

const REACH_PX = 26;
const STEP = 0.02;

/** `onMoved(places)` is told when a lamp was put somewhere; null puts all back in a row. */
export function mountLamps(preview, onMoved) {
  const element = $("stage"), handles = $("lamps");
  let arranging = false, dragged = -1, saving = 0;

  const placed = () => preview.stage.lamps.map((_, i) => preview.stage.placeOf(i).map((value) => Math.round(value * 1000) / 1000));

  function report(later) {
    preview.places = placed();
    clearTimeout(saving);
    saving = setTimeout(() => onMoved(preview.places), later);
  }

  function show() {
    const stage = preview.stage, movable = stage && !stage.bar && preview.source === "project";
    $("arrange").hidden = !movable;
    if (!movable && arranging) arrange(false);
    const count = movable ? stage.lamps.length : 0;
    while (handles.children.length > count) handles.lastChild.remove();
    while (handles.children.length < count) handles.append(make("button", { type: "button", class: "lamp" }));
    for (let i = 0; i < count; i++) put(i);
    $("straighten").hidden = !arranging || !preview.places;
  }

  function put(index) {
    const lamp = preview.stage.lamps[index], handle = handles.children[index], zone = lamp.from + 1;
    handle.style.transform = `translate(${lamp.x}px, ${lamp.y}px)`;
    handle.textContent = String(zone);
    handle.setAttribute("aria-label", `Lamp ${index + 1} of ${handles.children.length}, zone ${zone}, ${lamp.up ? "on the floor" : "hanging"}`);
  }

  function move(index, x, y) {
    preview.stage.move(index, Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y)));
    preview.dirty = true;
    put(index);
    $("straighten").hidden = !arranging;
  }

  function arrange(on) {
    arranging = on;
    toggled($("arrange"), on);
    element.classList.toggle("arranging", on);
    show();
    if (!on) return;
    handles.firstElementChild?.focus({ preventScroll: true });
    say("Drag the lamps, or move this one with the arrows; Tab goes to the next. Low ones stand on the floor and shine up.");
  }

  function straighten() {
    clearTimeout(saving);
    preview.setPlaces(null);
    onMoved(null);
    show();
    $("arrange").focus();
  }

  function nearest(event) {
    const stage = preview.stage;
    if (!stage || stage.bar || preview.source !== "project" || event.target.closest("#stage-tools, #work")) return -1;
    const box = element.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const away = stage.lamps.map((lamp) => Math.hypot(lamp.x - x, lamp.y - y + (lamp.up ? -1 : 1) * stage.size * 0.6));
    const best = away.indexOf(Math.min(...away));
    return away[best] <= Math.max(REACH_PX, stage.size) ? best : -1;
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || document.body.classList.contains("full")) return;
    dragged = nearest(event);
    if (dragged < 0) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragging");
    handles.children[dragged].focus({ preventScroll: true });
  });
  element.addEventListener("pointermove", (event) => {
    const stage = preview.stage;
    if (dragged < 0 || !stage) {
      element.classList.toggle("over-lamp", !event.buttons && nearest(event) >= 0);
      return;
    }
    const box = element.getBoundingClientRect();
    const x = (event.clientX - box.left - stage.margin) / (stage.width - 2 * stage.margin);
    move(dragged, x, (event.clientY - box.top - stage.lens) / (stage.floor - stage.lens));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    element.addEventListener(name, () => {
      if (dragged >= 0) report(0);
      dragged = -1;
      element.classList.remove("dragging");
    });
  }
  handles.addEventListener("keydown", (event) => {
    const index = [...handles.children].indexOf(event.target);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey || (!step && event.key !== "Home")) return;
    event.preventDefault();
    const [x, y] = preview.stage.placeOf(index), far = STEP * (event.shiftKey ? 5 : 1);
    if (step) move(index, x + step[0] * far, y + step[1] * far);
    else move(index, (index + 0.5) / preview.stage.lamps.length, 0);
    report(500);
  });
  $("arrange").addEventListener("click", () => arrange(!arranging));
  $("straighten").addEventListener("click", straighten);
  preview.addEventListener("lamps", show);
  return { arrange, get arranging() { return arranging; } };
}
