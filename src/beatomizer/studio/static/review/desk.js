/* What the desk knows, and what is said to it. A verdict waits here until the server has written it down. */

const HEADERS = { "X-Beatomizer": "1" };
const RETRY_MS = 1500;
const LOOK_MS = 4000;

export async function get(path) {
  const answer = await fetch(path, { headers: HEADERS });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error || `the server answered ${answer.status}`);
}

/** A JSON header with its length, then bytes. */
export async function packed(path) {
  const data = await (await get(path)).arrayBuffer();
  const length = new DataView(data).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return [header, new Uint8Array(data, 4 + length)];
}

function same(one, other) {
  if (!one || !other) return !one && !other;
  return one.verdict === other.verdict && one.note === other.note && String(one.trim) === String(other.trim);
}

/**
 * Verdicts by id: what the server has, and over it what it has not yet confirmed. Events: "change" (detail: ids),
 * "saved" ({state: "saved"|"saving"|"offline", text}), "conflict" ({id}), "refused" ({id, text}).
 */
export class Verdicts extends EventTarget {
  constructor(judged, rev) {
    super();
    this.server = new Map(Object.entries(judged));
    this.rev = rev;
    this.waiting = []; // [{id, said}] in the order in which they were said
    this.unsaid = new Map(); // the last of them by id
    this.sending = false;
    setInterval(() => document.hidden || this.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    addEventListener("beforeunload", (event) => this.waiting.length && event.preventDefault());
  }

  /** {verdict, note, trim} or null. */
  of(id) {
    const waiting = this.unsaid.get(id);
    return waiting ? waiting.said : (this.server.get(id) ?? null);
  }

  /** Say something; null takes back. Returns what was said before. */
  say(id, said) {
    const before = this.of(id);
    if (same(before, said)) return before;
    this.waiting.push({ id, said });
    this.unsaid.set(id, this.waiting.at(-1));
    this.tell("change", [id]);
    this.send();
    return before;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    while (this.waiting.length) {
      this.tell("saved", { state: "saving", text: "Saving…" });
      const one = this.waiting[0], { id, said } = one;
      let answer;
      try {
        answer = await fetch("/api/review/verdicts", {
          method: "POST",
          headers: { ...HEADERS, "Content-Type": "application/json" },
          body: JSON.stringify({ id, said: said ?? { verdict: "undecided" }, before: this.server.get(id) ?? null }),
        });
        if (answer.status >= 500) throw new Error("the server cannot write");
      } catch {
        const text = this.waiting.length === 1 ? "1 verdict is waiting" : `${this.waiting.length} verdicts are waiting`;
        this.tell("saved", { state: "offline", text: `${text} for the server` });
        await new Promise((done) => setTimeout(done, RETRY_MS));
        continue;
      }
      const told = await answer.json().catch(() => ({}));
      if (answer.ok || answer.status === 409) this.keep(id, told.judged, told.rev);
      if (answer.ok) {
        this.waiting.shift();
        if (this.unsaid.get(id) === one) this.unsaid.delete(id);
      } else {
        this.waiting = this.waiting.filter((other) => other.id !== id);
        this.unsaid.delete(id);
        if (answer.status === 409) this.tell("conflict", { id });
        else this.tell("refused", { id, text: told.error || `the server answered ${answer.status}` });
        this.tell("change", [id]);
      }
    }
    this.sending = false;
    this.tell("saved", { state: "saved", text: "All saved" });
  }

  keep(id, judged, rev) {
    if (judged) this.server.set(id, judged);
    else this.server.delete(id);
    if (rev) this.rev = rev;
  }

  /** What others said meanwhile: another tab, or the command line. */
  async look() {
    if (this.sending) return;
    try {
      const answer = await get(`/api/review/verdicts?rev=${encodeURIComponent(this.rev)}`);
      if (answer.status === 204 || this.sending) return;
      const told = await answer.json();
      const now = new Map(Object.entries(told.judged));
      const ids = [...new Set([...now.keys(), ...this.server.keys()])].filter((id) => !same(now.get(id), this.server.get(id)));
      this.server = now;
      this.rev = told.rev;
      if (ids.length) this.tell("change", ids);
      this.tell("saved", { state: "saved", text: "All saved" });
    } catch {
      this.tell("saved", { state: "offline", text: "The server does not answer" });
    }
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
