/* The server, as functions and one event source. Nothing else in the page knows an address. */

import { Light } from "./page/light.js";

/** What went wrong, in the server's words: `error` what happened, `hint` what to do next. Status 0: no answer at all. */
export class ApiError extends Error {
  constructor(status, error, hint = "") {
    super(error);
    this.status = status;
    this.error = error;
    this.hint = hint;
  }
}

const AWAY = ["The studio's server does not answer.", "Start `beatomizer studio` again; this page reconnects by itself."];

async function answered(response) {
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const error = new ApiError(response.status, said.error || `The server says ${response.status}.`, said.hint || "");
  throw Object.assign(error, { said });
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(`/api/${path}`, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(0, ...AWAY);
  }
  return answered(response);
}

export async function get(path) {
  return (await ask(path)).json();
}

/** Send JSON; gives the answer's JSON, or null where there is none. */
export async function send(method, path, body) {
  const headers = { "X-Beatomizer": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** A token from the address (`#token=…`) becomes a cookie, and leaves the address at once. */
export async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  await send("POST", "enter", { token });
}

export const about = () => get("about");
export const projects = async () => {
  const list = await get("projects");
  return Array.isArray(list) ? list : list.projects;
};
export const project = (id) => get(`projects/${id}`);
export const demo = async (seed) => created(await send("POST", "projects/demo", seed === undefined ? {} : { seed }));
export const rename = (id, name) => send("PATCH", `projects/${id}`, { name });
export const saveStage = (id, stage) => send("PATCH", `projects/${id}`, { stage });
export const remove = (id) => send("DELETE", `projects/${id}`);
export const saveCues = (id, rev, cues, kept, wishes) => send("PUT", `projects/${id}/cues`, { rev, cues, kept, wishes });
export const saveWishes = (id, rev, wishes, keep = true) => send("PUT", `projects/${id}/wishes`, { rev, wishes, keep });
export const startExport = (id, wanted) => send("POST", `projects/${id}/exports`, wanted);
export const exportAddress = (job, suffix) => `/api/exports/${job}/${suffix.replace(/^\./, "")}`;
export const soundAddress = (id) => `/api/projects/${id}/sound`;
export const stopJob = (id) => send("POST", `jobs/${id}/stop`);

const created = (answer) => answer.project || answer;

/** Send a song's bytes; `onShare` hears how much has gone, 0 to 1. */
export function upload(file, onShare = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much has gone
    request.open("POST", "/api/projects");
    request.setRequestHeader("X-Beatomizer", "1");
    request.setRequestHeader("X-Name", encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => event.total && onShare(event.loaded / event.total));
    request.addEventListener("error", () => reject(new ApiError(0, ...AWAY)));
    request.addEventListener("load", () => {
      let said = {};
      try {
        said = JSON.parse(request.responseText);
      } catch {
        // the words below do
      }
      if (request.status < 300) resolve(created(said));
      else reject(new ApiError(request.status, said.error || `The server says ${request.status}.`, said.hint || ""));
    });
    request.send(file);
  });
}

/** The newest light of a project: {header, light}. */
export async function light(id) {
  const bytes = new Uint8Array(await (await ask(`projects/${id}/light`)).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const start = 4 + length, middle = start + header.light_bytes;
  const packed = [bytes.subarray(start, middle), bytes.subarray(middle, middle + header.calm_bytes)];
  return { header, light: await Light.unpacked(...packed, header) };
}

/** Loudness of a project's song: pairs of (peak, rms), 100 a second. */
export async function wave(id) {
  return new Uint8Array(await (await ask(`projects/${id}/wave`)).arrayBuffer());
}

/**
 * What the server tells by itself: an event for each `type`, with the message as `detail`; "frame" for live colours;
 * "online" and "offline" as the connection comes and goes.
 */
export class Socket extends EventTarget {
  constructor() {
    super();
    this.online = false;
    this.waits = 0;
    this.ended = false;
  }

  connect() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.online = true;
      this.waits = 0;
      this.tell("online");
    });
    socket.addEventListener("message", (event) => this.hear(event.data));
    socket.addEventListener("close", () => {
      if (this.online || this.waits === 0) this.tell("offline");
      this.online = false;
      this.waits += 1;
      const wait = Math.min(5000, 250 * 2 ** Math.min(this.waits - 1, 5));
      this.again = setTimeout(() => this.connect(), wait * (0.8 + 0.4 * Math.random()));
    });
  }

  hear(data) {
    if (typeof data !== "string") return this.tell("frame", data);
    const message = JSON.parse(data);
    this.tell(message.type, message);
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Send if there is a connection; what is missed is sent again by whoever cares about the new state. */
  send(message) {
    if (!this.online) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}

export const socket = new Socket();
