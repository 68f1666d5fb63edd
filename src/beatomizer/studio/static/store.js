/* The store: the open project, its cue list and everything that may be undone. Whoever shows something listens to it;
   whoever changes something calls edit(), wish() or keep(). Saving is automatic, the latest state wins. */

import * as server from "./api.js";
import { isKept, withKept, withoutKept } from "./edits.js";

const MOST_STEPS = 300; // a step holds references to shared rows, not copies
const UNDONE_MS = 60_000; // a wish that was taken back is not waited for longer
const RETRY_S = [1, 2, 4, 8];

export class Store extends EventTarget {
  /** @param api the functions of api.js. */
  constructor(api = server) {
    super();
    this.api = api;
    this.close();
    window.addEventListener?.("beforeunload", (event) => this.unsaved && event.preventDefault());
  }

  // --- what is open ---

  close() {
    clearTimeout(this.retrying);
    this.retrying = 0;
    this.wishing = null;
    this.project = this.cues = this.light = this.wave = this.selection = null;
    this.past = [];
    this.asking = null;
    this.owed = undefined; // wishes that came with a step and are not saved yet
    this.coarse = false; // what is shown is the first version
    this.future = [];
    this.open_ = null; // the group of a drag or a slider that has not been let go
    this.session = (this.session ?? 0) + 1; // answers of an earlier project are not for this one
    this.sending = this.dirty = false;
    this.tries = 0;
    this.tell("project", "cues", "light", "wave", "selection", "history");
  }

  open(project) {
    this.close();
    this.project = project;
    this.coarse = project.coarse;
    this.cues = project.cues ?? null;
    this.say("saved", "Saved");
    this.tell("project", "cues");
  }

  get kept() {
    return this.project?.kept ?? [];
  }

  get unsaved() {
    return this.sending || this.dirty;
  }

  setLight(light) {
    this.light = light;
    this.tell("light");
  }

  setWave(wave) {
    this.wave = wave;
    this.tell("wave");
  }

  /** Take the server's newer state (after listening, another idea, or an edit in another window). */
  async refetch(label = "Change of the show", whileSaving = false) {
    const { session, project } = this;
    if (!project) return;
    const found = await this.api.project(project.id);
    if (session !== this.session || this.dirty || (this.sending && !whileSaving)) return; // what is being saved is newer
    const before = { ...this.state(), wishes: project.wishes }, first = !this.cues || this.coarse;
    this.coarse = found.coarse;
    this.project = this.asking ? { ...found, wishes: this.asking } : found; // a wish on its way is not in it yet
    const { undone = -Infinity, before: old } = this.wishing ?? {};
    if (performance.now() - undone < UNDONE_MS && found.cues && !same(found.cues, this.cues)) {
      this.wishing = null;
      return this.put({ ...before, wishes: old.wishes });
    }
    if (found.cues && !same(found.cues, this.cues)) this.cues = found.cues;
    if (this.cues !== before.cues) {
      if (first) [this.past, this.future] = [[], []]; // edits of a coarse list do not fit the refined one
      else this.remember({ label, before, ...this.wishing, after: { ...this.state(), wishes: found.wishes } });
      this.wishing = null;
    }
    this.tell("project", "cues", "history");
  }

  // --- editing ---

  state() {
    return { cues: this.cues, kept: this.kept };
  }

  /** Change the cue list: `label` is what undo calls it, `change` a function from list to new list (the same one: nothing
      happened), `kept` the stretches (or a function of the new list) that another idea leaves alone. Edits of one `group` are
      one step, each made from the list before the first, until settle(). Whether anything changed. */
  edit(label, change, { kept = [], group = null } = {}) {
    if (!this.cues) return false;
    const last = group !== null && this.open_ === group ? this.past.at(-1) : null;
    const base = last ? last.before : this.state();
    const cues = change(base.cues);
    if (cues === base.cues && !last) return false;
    const stretches = typeof kept === "function" ? kept(cues) : kept;
    const after = { cues, kept: stretches.reduce((all, [from, to]) => withKept(all, from, to), base.kept) };
    if (last) Object.assign(last, { label, after });
    else this.remember({ label, before: base, after });
    this.open_ = group;
    this.put(after);
    return true;
  }

  /** The gesture is over: the next edit is an undo step of its own. */
  settle() {
    this.open_ = null;
  }

  /** Take back the gesture that is going on (Esc while dragging). */
  abandon() {
    if (this.open_ === null) return;
    this.undo();
    this.future.pop();
    this.tell("history");
  }

  /** Pin a stretch, or take its pin away: another idea leaves what is pinned alone. */
  keep(start_s, end_s, on) {
    const before = this.state();
    const kept = on ? withKept(before.kept, start_s, end_s) : withoutKept(before.kept, start_s, end_s);
    this.settle();
    this.remember({ label: on ? "Pin" : "Unpin", before, after: { ...before, kept } });
    this.put({ ...before, kept });
  }

  isKept(section) {
    return isKept(this.kept, section);
  }

  remember(step) {
    this.past.push(step);
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
    this.tell("history");
  }

  /** Another wish for the whole show: the server designs it anew, kept parts stay. Undo brings the old cues back. */
  async wish(partial, { label = "Wish", keep = true } = {}) {
    if (!this.project) return;
    const { session } = this, before = { ...this.state(), wishes: this.project.wishes };
    const wishes = { ...before.wishes, ...partial };
    this.settle();
    this.project = { ...this.project, wishes };
    this.tell("project");
    const wish = (this.wishing = { label, before });
    this.asking = wishes;
    this.say("saving", "Designing…");
    if (this.sending) await this.sent();
    if (session !== this.session || this.wishing !== wish) return; // closed, taken back or overtaken before it was sent
    wish.sent = true;
    this.sending = this.sendWishes(wishes, keep, before);
    await this.sending;
  }

  /** Saving waits until the server has the wish: what comes after it needs its rev. */
  async sendWishes(wishes, keep, before) {
    const { session } = this;
    try {
      const { rev } = await this.asked(wishes, keep);
      if (session !== this.session) return;
      this.project.rev = Math.max(rev, this.project.rev);
      if (!this.dirty && !this.wishing?.undone) this.say("saved", "Saved");
    } catch (error) {
      if (session !== this.session) return;
      this.wishing = null;
      this.project = { ...this.project, wishes: before.wishes };
      this.tell("project");
      await this.refused(error, false);
    } finally {
      if (this.asking === wishes) this.asking = null;
      if (session === this.session) {
        this.sending = false;
        if (this.dirty) this.save();
      }
    }
  }

  /** A design that was finished meanwhile is no reason to refuse: wishes are whole, the last ones win. */
  async asked(wishes, keep) {
    const { id } = this.project;
    for (let { rev } = this.project, tries = 0; ; tries++) {
      try {
        return await this.api.saveWishes(id, rev, wishes, keep);
      } catch (error) {
        if (error.status !== 409 || tries > 4) throw error;
        rev = error.said?.rev ?? this.project.rev;
      }
    }
  }

  /** Take back a wish whose show is not there yet. The server finishes it all the same; then this list goes back. */
  unwish() {
    const { label, before, sent } = this.wishing;
    if (sent) this.wishing.undone = performance.now();
    else this.wishing = null;
    this.asking = null;
    this.project = { ...this.project, wishes: before.wishes };
    this.tell("project");
    this.say(sent ? "saving" : "saved", sent ? "Taking it back…" : "Saved");
    return label;
  }

  get canUndo() {
    return this.past.length > 0;
  }

  get canRedo() {
    return this.future.length > 0;
  }

  get undoLabel() {
    return this.past.at(-1)?.label ?? "";
  }

  get redoLabel() {
    return this.future.at(-1)?.label ?? "";
  }

  undo() {
    if (this.wishing && !this.wishing.undone) return this.unwish(); // what was wished for has not come yet
    return this.stepTo(this.past, this.future, "before");
  }

  redo() {
    return this.stepTo(this.future, this.past, "after");
  }

  stepTo(from, to, side) {
    const step = from.pop();
    if (!step) return "";
    this.settle();
    this.wishing = null;
    to.push(step);
    this.tell("history");
    this.put(step[side]);
    return step.label;
  }

  /** Show a state and save it. */
  put({ cues, kept, wishes }) {
    const before = this.cues;
    this.cues = cues;
    this.project = { ...this.project, cues, kept, ...(wishes ? { wishes } : {}) };
    this.owed = wishes ?? this.owed;
    if (wishes) this.tell("project");
    this.follow(before, cues);
    this.tell("cues");
    this.save();
  }

  // --- selection ---

  /** {kind: "section" | "cue" | "boundary", index}, {kind: "beats"} or null. */
  select(selection, again = false) {
    const { kind, index } = this.selection ?? {};
    if (!again && kind === selection?.kind && index === selection?.index) return;
    this.settle();
    this.selection = selection;
    this.tell("selection");
  }

  /** Keep the selection on what it was on, as far as that still exists. */
  follow(before, now) {
    const chosen = this.selection, { kind, index } = chosen ?? {};
    if (!chosen || !now || kind === "beats") return;
    if (kind === "cue" && before !== now) {
      const cue = before.cues[index], alike = (other) => String(other?.zones) === String(cue?.zones);
      let at = now.cues.indexOf(cue);
      if (at < 0) at = now.cues.findIndex((other) => Math.abs(other.time_s - cue?.time_s) < 0.01 && alike(other));
      if (at < 0 && now.cues[index]?.look === cue?.look && alike(now.cues[index])) at = index;
      this.selection = at < 0 ? null : { kind, index: at };
    } else if (kind !== "cue" && index >= now.sections.length) this.selection = null;
    if (this.selection?.index !== index) this.tell("selection");
  }

  // --- saving ---

  async save() {
    this.dirty = true;
    if (this.sending) return this.sending;
    clearTimeout(this.retrying);
    this.retrying = 0;
    this.sending = this.send();
    return this.sending;
  }

  /** When nothing is on its way any more. */
  async sent() {
    while (this.sending) await this.sending;
  }

  async send() {
    const { session } = this;
    this.say("saving", "Saving…");
    try {
      while (this.dirty) {
        this.dirty = false;
        const { id, rev } = this.project, { owed } = this;
        const answer = await this.api.saveCues(id, rev, this.cues, this.kept, owed);
        if (session !== this.session) return;
        if (this.owed === owed) this.owed = undefined;
        this.project.rev = answer.rev;
        this.tries = 0;
      }
      this.say("saved", "Saved");
    } catch (error) {
      if (session === this.session) await this.refused(error);
    } finally {
      if (session === this.session) {
        this.sending = false;
        if (this.dirty && !this.retrying) this.save();
      }
    }
  }

  async refused(error, saving = true) {
    if (error.status === 409) {
      this.dirty = false;
      this.owed = undefined;
      if (!this.wishing?.undone) {
        this.wishing = null;
        this.say("error", "The show changed elsewhere: this is the newer one, your last change is not in it");
      }
      await this.refetch("Change elsewhere", true).catch(() => this.say("offline", "Not saved: no connection"));
    } else if (error.status >= 400 && error.status < 500) {
      this.say("error", `Not saved: ${error.error ?? error.message}`);
    } else {
      this.say("offline", "Not saved: no connection. Trying again…");
      const wait = RETRY_S[Math.min(this.tries++, RETRY_S.length - 1)];
      if (saving) this.dirty = true;
      this.retrying = setTimeout(() => ((this.retrying = 0), this.dirty && this.save()), wait * 1000);
    }
  }

  say(state, text) {
    this.savedState = { state, text };
    this.dispatchEvent(new CustomEvent("saved", { detail: this.savedState }));
  }

  tell(...names) {
    for (const name of names) this.dispatchEvent(new CustomEvent(name, { detail: this[name] ?? null }));
  }
}

/** Whether two values of JSON say the same. */
function same(one, other) {
  if (one === other || !one || !other || typeof one !== "object" || typeof other !== "object") return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => same(one[key], other[key]));
}
