/* The photosensitivity notice: before the first flash of a session, nothing moves. */

import { $ } from "./elements.js";

const KEY = "beatomizer.light";

/** What was answered in this session: "full", "calm", or null. */
export function answered() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; // a browser without storage asks each time
  }
}

/** Ask once a session; resolves to "full" or "calm". */
export function notice() {
  const before = answered();
  if (before) return Promise.resolve(before);
  const dialog = $("notice"), reduced = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const [suggested, other] = reduced ? [$("notice-calm"), $("notice-full")] : [$("notice-full"), $("notice-calm")];
  suggested.classList.add("primary");
  other.classList.add("word");
  $("notice-reduced").hidden = !reduced;
  if (!dialog.open) dialog.showModal();
  suggested.focus();
  return new Promise((resolve) => {
    const answer = (light) => () => {
      try {
        sessionStorage.setItem(KEY, light);
      } catch {
        // then it is asked again
      }
      dialog.close();
      resolve(light);
    };
    $("notice-full").onclick = answer("full");
    $("notice-calm").onclick = answer("calm");
    dialog.oncancel = (event) => event.preventDefault(); // Esc is no answer
  });
}
