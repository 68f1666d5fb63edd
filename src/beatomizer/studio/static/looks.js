/* Looks in small: what each does to eight lamps, as a moving picture for a button. Rough, slow and tiny on purpose: no
   more than two changes a second, far below the size at which flashes count. */

import { GROUPS, LOOKS, zonesOf } from "./edits.js";

export const WORDS = {
  hold: "Steady light", pulse: "Flares on the beat", alternate: "Neighbours take turns", bounce: "Left and right take turns",
  ripple: "Middle and edges take turns", step: "A block walks across", chase: "A comet crosses the stage", swell: "Breathes slowly",
  sparkle: "Single lights twinkle", strobe: "Hard on and off, as far as safety allows", blackout: "Dark",
};
export const GROUP_WORDS = { all: "All", left: "Left", right: "Right", center: "Centre", edges: "Edges", odd: "Odd", even: "Even" };

const LAMPS = 8;
const STILL = { hold: 0, pulse: 0.05, swell: 3.2, chase: 2.6, sparkle: 1.3 }; // a telling moment of each, in beats

const chance = (n) => (((n * 2654435761) >>> 0) / 4294967296 + n * 0.618) % 1;
const fall = (beats, rate = 2.2) => Math.exp(-rate * beats);
const out = (i) => Math.floor(Math.abs(i - 3.5));

/** Light 0..1 and number of the colour of lamp `i` at a beat. */
function lampAt(look, i, beat) {
  const whole = Math.floor(beat), since = beat - whole;
  const turn = (group, groups) => [(((whole - group) % groups) + groups) % groups ? 0.06 : 0.35 + 0.65 * fall(since, 1.2), group];
  switch (look) {
    case "hold": return [0.9, out(i) > 1 ? 1 : 0];
    case "pulse": return [0.12 + 0.88 * fall(since), since < 0.25 ? 1 : 0];
    case "alternate": return turn(i % 2, 2);
    case "bounce": return turn(i < 4 ? 0 : 1, 2);
    case "ripple": return turn(out(i) < 2 ? 0 : 1, 2);
    case "step": return turn(Math.floor(i / 2), 4);
    case "chase": {
      const behind = ((beat / 4 - i / LAMPS) % 1 + 1) % 1;
      return [0.05 + 0.95 * Math.exp(-behind * 5), behind > 0.12 ? 1 : 0];
    }
    case "swell": return [0.15 + 0.85 * (0.5 - 0.5 * Math.cos((2 * Math.PI * (beat - 0.3 * out(i))) / 8)), Math.floor(beat / 8) % 2];
    case "sparkle": {
      const own = beat / 4 + chance(i), at = Math.floor(own);
      return [0.08 + 0.92 * fall((own - at) * 4, 1.4), chance(i + 7 * at) > 0.5 ? 1 : 0];
    }
    case "strobe": return [since < 0.5 ? 0.8 : 0.1, 0];
    default: return [0, 0];
  }
}

/** Draw a look in its colours on a small canvas; `beat` null for a still. */
export function drawLook(canvas, look, colors, beat, group = "all") {
  const ratio = Math.min(window.devicePixelRatio || 1, 2), width = canvas.clientWidth || 84, height = canvas.clientHeight || 22;
  if (canvas.width !== Math.round(width * ratio)) [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const c = canvas.getContext("2d"), members = zonesOf(group, LAMPS);
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  const step = width / LAMPS, radius = Math.min(step * 0.36, height * 0.4);
  for (let i = 0; i < LAMPS; i++) {
    const [light, place] = members.includes(i) ? lampAt(look, i, beat ?? STILL[look] ?? 0.1) : [0, 0];
    c.beginPath();
    c.arc((i + 0.5) * step, height / 2, radius, 0, 7);
    c.fillStyle = "#20242e";
    c.fill();
    c.globalAlpha = light;
    c.fillStyle = colors.length ? colors[place % colors.length] : "#9aa1b3";
    c.fill();
    c.globalAlpha = 1;
  }
}

export const ALL_LOOKS = Object.keys(LOOKS);
export { GROUPS };
