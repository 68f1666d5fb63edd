/* The rig as a small plan: the stage from the front, and what hangs where. */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 304, MARGIN = 22, ROWS = { background: 26, wash: 56, accent: 86, strobe: 86 };

function draw(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

const zonesText = (zones) => (zones.length ? `zone${zones.length > 1 ? "s" : ""} ${zones[0] + 1}${zones.length > 1 ? `–${zones.at(-1) + 1}` : ""}` : "the whole stage");
export const fixtureText = ({ name, kind, role, output, zones }) => `${name}: ${kind}, ${role}, shows ${zonesText(zones)}${output ? `, on ${output}` : ""}`;

/** A picture of `view` ({fixtures}), for eyes; the list beside it is for everybody. */
export function rigPlan(view) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: `0 0 ${WIDTH} 112`, class: "rig-plan", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const across = (place) => MARGIN + place * (WIDTH - 2 * MARGIN);
  draw("line", { x1: 8, y1: 104, x2: WIDTH - 8, y2: 104, class: "floor" }, svg);
  for (const [number, fixture] of view.fixtures.entries()) {
    const whole = !fixture.zones.length, y = (ROWS[fixture.role] ?? 56) + (number % 2) * 8; // shows the mean of the stage
    const x = across(whole ? 0 : fixture.place), end = across(whole ? 1 : fixture.end);
    const group = draw("g", { class: `${fixture.role}${whole ? " whole" : ""}` }, svg);
    draw("title", {}, group, fixtureText(fixture));
    if (!whole) draw("path", { d: `M${(x + end) / 2} ${y}L${(x + end) / 2 - 15} 104h30z`, class: "beam" }, group);
    if (Math.abs(end - x) > 2) draw("line", { x1: x, y1: y, x2: end, y2: y, class: "bar" }, group);
    else draw("circle", { cx: x, cy: y, r: 5 }, group);
  }
  return svg;
}
