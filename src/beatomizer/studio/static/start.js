/* The start screen: drop a song, try the demo, open an earlier show. */

import { clockText } from "./actions.js";
import { $, agoText, ask, button, complain, make, say } from "./elements.js";
import { Stage } from "./page/stage.js";

const COLORS = [[255, 92, 138], [168, 92, 255], [92, 124, 255], [64, 196, 255], [64, 196, 255], [92, 124, 255], [168, 92, 255], [255, 92, 138]];
const BREATH_MS = 24000; // so slow that nobody can call it a flash
const LIST_MOST = 60;

/** `actions`: {take(files), demo(), open(id), limits}. Gives {show(), hide(), list(projects)}. */
export function mountStart(api, actions) {
  const stage = new Stage($("start-light"), $("start-scene"), COLORS.length);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const colors = new Float32Array(COLORS.length * 3);
  let drawn = 0, shown = true, all = [];

  function size() {
    const { clientWidth, clientHeight } = $("start");
    if (!shown || !clientWidth) return;
    stage.quality = 0.4;
    stage.resize(clientWidth, Math.min(clientHeight, window.innerHeight), 0, 0);
    draw(performance.now());
  }

  function draw(now) {
    COLORS.forEach((color, i) => {
      const breath = still.matches ? 0.5 : 0.42 + 0.14 * Math.sin((now / BREATH_MS) * 2 * Math.PI + i * 0.8);
      for (let c = 0; c < 3; c++) colors[i * 3 + c] = color[c] * breath;
    });
    stage.draw(colors, 1);
    drawn = now;
  }

  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    actions.take([...$("file").files]);
    $("file").value = "";
  });
  $("demo").addEventListener("click", () => actions.demo());
  window.addEventListener("resize", size);

  function row(project) {
    const bits = [project.artist, project.duration_s ? clockText(project.duration_s) : "", state(project)];
    const colors = make("span", { class: "strip", "aria-hidden": "true" });
    for (const color of (project.palette || []).slice(0, 5)) {
      const dot = make("i");
      dot.style.background = color;
      colors.append(dot);
    }
    const open = make("button", { type: "button", class: "open", on: { click: () => actions.open(project.id) } }, colors,
      make("span", { class: "title" }, make("bdi", { text: project.name || project.title || "A song" })),
      make("span", { class: "quiet" }, make("bdi", { text: bits.filter(Boolean).join(" · ") })));
    const drop = button({ icon: "trash", label: `Delete ${project.name}`, class: "plain" }, async () => {
      if (!(await ask(`Delete “${project.name}”?`, "The song's copy and the show are deleted from this computer. Your own file stays.", "Delete"))) return;
      try {
        await api.remove(project.id);
        list(all.filter((other) => other.id !== project.id));
        say(`Deleted ${project.name}`);
        $("choose").focus();
      } catch (error) {
        complain(error);
      }
    });
    return make("li", { class: project.state }, open, drop);
  }

  function state(project) {
    if (project.state === "failed") return "not readable";
    if (project.state === "listening") return "listening…";
    return agoText(project.changed);
  }

  function list(projects) {
    all = [...projects].sort((a, b) => b.changed - a.changed);
    $("recent-list").replaceChildren(...all.slice(0, LIST_MOST).map(row));
    $("recent-none").hidden = all.length > 0;
  }

  return {
    list,
    size,
    show: () => ((shown = true), size()),
    hide: () => (shown = false),
    /** Each animation frame: the breath, twelve times a second. */
    tick: (now) => shown && !still.matches && now - drawn > 80 && draw(now),
    get projects() { return all; },
  };
}
