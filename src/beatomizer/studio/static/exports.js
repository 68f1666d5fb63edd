/* Taking the show away: which files, how far they are, and their downloads. */

import { $, complain, make, say, sentences } from "./elements.js";
import * as api from "./api.js";

const PICTURES = [".mp4", ".png"]; // those that have a size
const USUAL = [".mp4", ".html"];

export function mountExports(store, socket, about) {
  const jobs = new Map(); // id → {suffixes, share, state, error, project}
  const boxes = (about.formats ?? []).map(({ suffix, text }) => {
    const box = make("input", { type: "checkbox", value: suffix, checked: USUAL.includes(suffix) });
    $("export-formats").append(make("label", { class: "format" }, box, make("b", { text: suffix }), make("span", { class: "quiet", text })));
    box.addEventListener("change", ready);
    return box;
  });
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);

  function ready() {
    $("export-size").hidden = !chosen().some((suffix) => PICTURES.includes(suffix));
    $("export-go").disabled = chosen().length === 0;
  }

  async function go() {
    const suffixes = chosen(), project = store.project;
    $("export-trouble").hidden = true;
    $("export-go").disabled = true;
    $("export-go").textContent = "Starting…";
    try {
      await store.sent?.();
      const wanted = { suffixes };
      if (suffixes.some((suffix) => PICTURES.includes(suffix))) wanted.size = $("export-pixels").value.split("x").map(Number);
      const { job } = await api.startExport(project.id, wanted);
      jobs.set(job.id ?? job, { name: project.name, suffixes, share: 0, stage: "", state: "running", ...jobs.get(job.id ?? job) });
      draw();
    } catch (error) {
      complain(error, $("export-trouble"));
    }
    $("export-go").textContent = "Make the files";
    ready();
  }

  function hear({ detail }) {
    if (detail.kind !== "export") return;
    const before = jobs.get(detail.id);
    jobs.set(detail.id, { name: store.project?.name ?? "", suffixes: [], ...before, ...detail });
    if (detail.state === "done" && before && before.state !== "done") say("The files are ready");
    if (detail.state === "failed") say("An export failed");
    draw();
  }

  const rows = new Map();
  function draw() {
    for (const [id, job] of jobs) {
      if (!job.suffixes.length) continue; // of another window
      let row = rows.get(id);
      if (!row || row.state !== job.state) {
        const item = rowOf(id, job);
        if (row) row.element.replaceWith(item.element);
        else $("export-jobs").prepend(item.element);
        rows.set(id, (row = { ...item, state: job.state }));
      }
      if (row.bar) row.bar.value = job.share ?? 0;
    }
    const running = [...jobs.values()].filter((job) => job.state === "running" && job.suffixes.length);
    $("export-button").classList.toggle("busy", running.length > 0);
  }

  function rowOf(id, job) {
    const title = make("bdi", { text: job.name });
    if (job.state === "running") {
      const bar = make("progress", { max: 1, value: 0, "aria-label": `Making ${job.suffixes.join(", ")}` });
      const stop = make("button", { type: "button", class: "word", text: "Stop", on: { click: () => api.stopJob(id).catch(complain) } });
      return { bar, element: make("li", {}, make("p", {}, `Making ${job.suffixes.join(", ")} of `, title), make("div", { class: "row" }, bar, stop)) };
    }
    if (job.state === "done") {
      const links = job.suffixes.map((suffix) => make("a", { class: "word download", href: api.exportAddress(id, suffix), download: "", text: `Save ${suffix}` }));
      return { element: make("li", {}, make("p", {}, "Ready: ", title), make("div", { class: "row wrap" }, ...links)) };
    }
    const why = job.state === "stopped" ? "Stopped" : sentences("It failed", job.error, job.hint);
    return { element: make("li", { class: "failed" }, make("p", { text: why })) };
  }

  function open() {
    if (!store.project || !store.cues) return say("There is no show to export yet");
    const profile = (about.profiles ?? []).find(({ name }) => name === store.project.wishes?.safety);
    $("export-lead").textContent = profile?.for_files === false
      ? `The profile “${profile.name}” is for lights in a room; files for others need another one (Show tab, Flash safety).`
      : "Files play the show as it is now, checked for safe flashing once more.";
    $("export-trouble").hidden = true;
    ready();
    $("export").showModal();
  }

  $("export-go").addEventListener("click", go);
  $("export-button").addEventListener("click", open);
  socket.addEventListener("job", hear);
  return { open };
}
