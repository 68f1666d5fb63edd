/* Numbers and states as people read them. */

export const FPS = 60;
export const CLIP_S = 15;

/** 75.25 → "1:15"; with `fine` "1:15.25". */
export function clock(seconds, fine = false) {
  const whole = Math.max(0, fine ? Math.floor(seconds * 100 + 1e-6) / 100 : Math.floor(seconds + 1e-6));
  const minutes = Math.floor(whole / 60), rest = whole - 60 * minutes;
  return `${minutes}:${(fine ? rest.toFixed(2) : String(rest)).padStart(fine ? 5 : 2, "0")}`;
}

export function many(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** What a verdict is called. `own` is false where it comes from the take. */
export function said(judgement, own = true) {
  if (!judgement) return "Undecided";
  const word = judgement.verdict === "reject" ? "Rejected" : judgement.trim ? `Accepted ${partSaid(judgement.trim)}` : "Accepted";
  return own ? word : `${word} with its take`;
}

export function partSaid([start, end]) {
  return `${clock(start, true)}–${clock(end, true)}`;
}

/** The times are whole frames, three digits, as the records keep them. */
export function onFrame(seconds) {
  return Math.round((Math.round(seconds * FPS) / FPS) * 1000) / 1000;
}

export function hex([red, green, blue]) {
  return "#" + [red, green, blue].map((value) => Math.round(value).toString(16).padStart(2, "0")).join("");
}
