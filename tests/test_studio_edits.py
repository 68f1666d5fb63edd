"""Edits of cue lists: the page's own functions, run in Chromium on shows of the director, judged by the line."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from beatomizer.cues import brightness
from beatomizer.cues.cuelist import LOOKS, ZONE_GROUPS, CueList
from beatomizer.cues.decide import decide
from beatomizer.cues.format import from_json, to_json
from beatomizer.cues.recolor import recolor
from beatomizer.cues.style import Style
from beatomizer.show.draw import draw_show
from beatomizer.show.zones import zones_of
from beatomizer.timebase import FPS
from tests.browsers import chromium
from tests.made_forms import FORM, SHORT, heard_song
from tests.made_shows import made_cues

pytestmark = pytest.mark.integration

STATIC = Path(str(files("beatomizer"))) / "studio" / "static"
ORIGIN = "http://edits.test"

HANDS = """
import * as E from "/edits.js";
/* The same chain of edits for the same seed: mulberry32 picks edit, place and values. */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const frozen = (value) => {
  const open = value && typeof value === "object" && !Object.isFrozen(value);
  if (open) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};
function chain(list, seed, length) {
  const roll = dice(seed), pick = (values) => values[Math.floor(roll() * values.length)], looks = Object.keys(E.LOOKS);
  const s = (l) => Math.floor(roll() * l.sections.length), c = (l) => Math.floor(roll() * l.cues.length);
  const at = (l) => (roll() * 1.1 - 0.05) * l.duration_s, unit = () => pick(["bar", "beat", "free"]);
  const zones = () => pick([...E.GROUPS, [0, 2], [7]]);
  const colors = () => ["#ff0000", "#00ff88", "#4400ff", "#ffffff"].slice(0, 1 + Math.floor(roll() * 4));
  const often = {
    look: (l) => E.setSectionLook(l, s(l), pick(looks)),
    colors: (l) => E.setSectionColors(l, s(l), colors()),
    drop: (l) => ((i) => E.dropSectionColor(l, i, pick(E.sectionColors(l, i)) ?? "#000000", "#123456"))(s(l)),
    intensity: (l) => E.setSectionIntensity(l, s(l), roll()),
    fade: (l) => E.setSectionFade(l, s(l), roll() * 9),
    beats: (l) => E.setSectionBeats(l, s(l), pick([0.25, 0.5, 1, 3, 8, 32])),
    zones: (l) => E.setSectionZones(l, s(l), zones()),
    accent: (l) => E.setSectionAccent(l, s(l), pick([null, { look: pick(looks), zones: zones() }])),
    boundary: (l) => E.moveBoundary(l, s(l), at(l), unit()),
    split: (l) => ((t) => (l.sections.length < 40 ? E.splitSection(l, E.sectionAt(l, t), t) : l))(Math.max(0, at(l))),
    rename: (l) => E.renameSection(l, s(l), pick(["Hook", " ", "x".repeat(200), "<b>"])),
    kind: (l) => E.changeSection(l, s(l), { kind: pick([...E.KINDS, "nonsense"]), energy: roll() * 2 }),
    cue: (l) => (l.cues.length ? E.changeCue(l, c(l), {
      look: pick(looks), time_s: at(l), zones: zones(), fade_s: roll() * 700, beats: roll() * 5000, floor: roll() * 2,
      colors: roll() < 0.1 ? [] : colors(),
    }) : l),
    picture: (l) => E.movePicture(l, c(l), at(l), unit()),
    add: (l) => E.addCue(l, at(l), roll() < 0.5 ? {} : { look: pick(looks) }, unit()),
    nudge: (l) => E.nudgeBeats(l, (roll() - 0.5) * 60),
    one: (l) => E.shiftDownbeat(l, pick([1, -1])),
    palette: (l) => E.setPalette(l, colors()),
  };
  const seldom = {
    remove: (l) => E.deleteCue(l, c(l)), gone: (l) => E.deleteSection(l, s(l)), merge: (l) => E.mergeSections(l, s(l)),
    half: E.halveTempo, double: E.doubleTempo, even: (l) => E.evenGrid(l, 40 + roll() * 200, Math.max(0, at(l))),
  };
  const used = [];
  for (let i = 0; i < length; i++) {
    const name = pick(Object.keys(roll() < 0.12 ? seldom : often));
    used.push(name);
    try {
      list = (often[name] ?? seldom[name])(frozen(list));
    } catch (error) {
      throw new Error(`${used.slice(-3)}: ${error.stack}`);
    }
  }
  return { list, used };
}
window.E = E;
window.chain = chain;
window.ready = true;
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page with the edits in ``E``."""

    def answer(route: Any) -> None:
        name = route.request.url.removeprefix(ORIGIN)
        if name == "/":
            route.fulfill(body='<script type="module" src="/hands.js"></script>', content_type="text/html")
        else:
            body = HANDS if name == "/hands.js" else (STATIC / name[1:]).read_text("utf-8")
            route.fulfill(body=body, content_type="text/javascript")

    with chromium("--disable-gpu") as browser:
        opened = browser.new_page()
        opened.route("**/*", answer)
        opened.goto(ORIGIN + "/")
        opened.wait_for_function("window.ready")
        yield opened


def directed(form: Any = FORM, **wishes: Any) -> CueList:
    """A show of the director, as the file holds it."""
    heard, features = heard_song(form)
    cues = decide(heard, features, Style(**{"energy": 0.6, "zones": 8, "seed": 1, **wishes}), model="classic")
    return from_json(to_json(cues), "made")


LISTS = {
    "drops": lambda: directed(),
    "calm": lambda: directed(SHORT, energy=0.1),
    "one lamp": lambda: directed(SHORT, energy=0.9, zones=1),
    "plain": lambda: made_cues(40.0),
}


def as_page(cues: CueList) -> dict[str, Any]:
    return json.loads(to_json(cues))


def edited(page: Any, cues: CueList, call: str, *given: Any) -> CueList:
    """What ``E.call(list, *given)`` makes of a list, read by the line's own reader."""
    asked = [to_json(cues), call, list(given)]
    found = page.evaluate(
        "([list, call, given]) => JSON.stringify(E[call](JSON.parse(list), ...given))", asked
    )
    return from_json(found, call)


def light(cues: CueList) -> np.ndarray[Any, Any]:
    return draw_show(cues).rgb8


def outside(cues: CueList, index: int) -> np.ndarray[Any, Any]:
    """Frames that are none of a section's, and in which nothing fades from it."""
    section, frame = cues.sections[index], np.arange(len(light(cues)))
    fades_s = max((cue.fade_s for cue in cues.cues if abs(cue.time_s - section.end_s) < 0.05), default=0.0)
    return (frame < section.start_s * FPS - 2) | (frame > (section.end_s + fades_s) * FPS + 1)


def drop_of(cues: CueList) -> int:
    return next(i for i, section in enumerate(cues.sections) if section.kind == "drop" and i)


def test_the_page_knows_what_the_line_knows(page):
    looks = page.evaluate("E.LOOKS")
    assert tuple(looks) == LOOKS
    assert {name: tuple(look["light"]) for name, look in looks.items()} == brightness._SHARES
    for zones in (1, 2, 3, 4, 6, 8, 10, 14, 33):
        for group in (*ZONE_GROUPS, (0, 5, 40)):
            given = group if isinstance(group, str) else list(group)
            assert (
                page.evaluate("([g, n]) => E.zonesOf(g, n)", [given, zones])
                == zones_of(group, zones).tolist()
            )


@pytest.mark.parametrize("name", LISTS)
def test_any_chain_of_edits_leaves_a_list_that_the_line_reads_and_draws(page, name):
    start = LISTS[name]()
    for seed in range(4):
        found = page.evaluate("([list, seed, n]) => chain(list, seed, n)", [as_page(start), seed, 45])
        read = from_json(json.dumps(found["list"]), f"{name} {seed} {found['used']}")
        written = json.loads(to_json(read))
        assert written["cues"] == found["list"]["cues"], "the page writes what the format would write"
        assert len(read.sections) >= 1
        times = [section.start_s for section in read.sections]
        assert times == sorted(times)
        assert all(
            a.end_s <= b.start_s + 1e-6 for a, b in zip(read.sections, read.sections[1:], strict=False)
        )
        assert light(read).shape[1:] == (start.zones, 3)


@pytest.mark.parametrize("name", ["drops", "calm"])
@pytest.mark.parametrize(("call", "given"), [
    ("setSectionLook", ("chase",)), ("setSectionLook", ("blackout",)), ("setSectionIntensity", (0.4,)),
    ("setSectionColors", (["#ff8800", "#0022ff"],)), ("setSectionZones", ("left",)), ("setSectionBeats", (2,)),
    ("setSectionAccent", ({"look": "sparkle", "zones": "edges"},)),
])  # fmt: skip
def test_an_edit_of_a_section_changes_that_section_and_no_other(page, name, call, given):
    before = LISTS[name]()
    index = 2
    after = edited(page, before, call, index, *given)
    changed = (light(before) != light(after)).any(axis=(1, 2))
    assert changed[~outside(before, index)].mean() > 0.2 or (name, call) == ("calm", "setSectionBeats"), (
        "its steady light has no pace"
    )
    assert not changed[outside(before, index)].any()


def test_a_section_without_a_cue_of_its_own_gets_one_and_leaves_its_neighbours_alone(page):
    before = edited(page, made_cues(40.0), "splitSection", 1, 9.0)
    assert (light(before) == light(made_cues(40.0))).all(), "a split alone changes nothing"
    after = edited(page, before, "setSectionLook", 1, "hold")
    changed = (light(before) != light(after)).any(axis=(1, 2))
    first = before.sections[1]
    assert changed[round(first.start_s * FPS) : round(first.end_s * FPS) - 2].mean() > 0.9
    assert [
        cue.look for cue in after.cues if first.end_s - 0.01 < cue.time_s < before.sections[2].end_s - 0.01
    ] == ["pulse"]


def test_a_new_look_keeps_moments_phrases_and_colours(page):
    before = directed(energy=0.8)
    index = drop_of(before) - 1
    section = before.sections[index]
    after = edited(page, before, "setSectionLook", index, "step")
    old = [cue for cue in before.cues if section.start_s <= cue.time_s < section.end_s - 0.01]
    new = [cue for cue in after.cues if section.start_s <= cue.time_s < section.end_s - 0.01]
    assert old[-1].look == "blackout"
    assert new[-1] == old[-1], "the breath before the drop stays"
    assert {cue.time_s for cue in new} == {cue.time_s for cue in old}
    assert new[0].look == "step"
    assert new[0].colors == old[0].colors
    assert sum(cue.look == "step" for cue in new) >= 2


def test_dimmer_keeps_the_shape_and_louder_reaches_full(page):
    before = directed()
    index = next(
        i
        for i, part in enumerate(before.sections)
        if part.kind not in ("silence", "drop") and part.end_s - part.start_s > 12
    )
    section = before.sections[index]

    def levels(cues):
        return np.array(
            [
                c.intensity
                for c in cues.cues
                if section.start_s <= c.time_s < section.end_s - 0.01 and c.intensity > 0
            ]
        )

    level = page.evaluate("([l, i]) => E.sectionIntensity(l, i)", [as_page(before), index])
    dim = edited(page, before, "setSectionIntensity", index, level / 2)
    np.testing.assert_allclose(levels(dim), levels(before) / 2, atol=0.002)
    full = edited(page, before, "setSectionIntensity", index, 1.0)
    assert levels(full).min() >= 0.99
    same = edited(page, before, "setSectionIntensity", index, level)
    np.testing.assert_allclose(levels(same), levels(before), atol=0.002)


@pytest.mark.parametrize("by_bars", [-2, 1, 3])
def test_a_boundary_takes_hit_and_breath_along(page, by_bars):
    before = directed(energy=0.8)
    index = drop_of(before)
    old = before.sections[index].start_s
    bar_s = 2.0
    after = edited(page, before, "moveBoundary", index, old + by_bars * bar_s + 0.4)
    new = after.sections[index].start_s
    assert new - old == pytest.approx(by_bars * bar_s, abs=0.06), "snapped to a bar"
    assert after.sections[index - 1].end_s == new
    assert min(abs(beat.time_s - new) for beat in after.beats if beat.position == 1) < 1e-3
    around = [(cue.look, round(cue.time_s - old, 2)) for cue in before.cues if -1.5 < cue.time_s - old < 0.7]
    moved = [(cue.look, round(cue.time_s - new, 2)) for cue in after.cues if -1.5 < cue.time_s - new < 0.7]
    assert moved == around
    assert any(look == "blackout" and at < 0 for look, at in moved)
    free = edited(page, before, "moveBoundary", index, old + 0.333, "free")
    assert free.sections[index].start_s == pytest.approx(old + 0.333, abs=1e-4)


def test_split_and_merge_and_delete(page):
    before = directed()
    section = before.sections[3]
    middle = section.start_s + (section.end_s - section.start_s) / 2 + 0.3
    split = edited(page, before, "splitSection", 3, middle)
    assert len(split.sections) == len(before.sections) + 1
    assert split.sections[3].end_s == split.sections[4].start_s
    merged = edited(page, split, "mergeSections", 3)
    assert merged.sections == before.sections
    assert merged.cues == before.cues
    gone = edited(page, before, "deleteSection", 3)
    assert len(gone.sections) == len(before.sections) - 1
    assert gone.sections[2].end_s == section.end_s
    assert not [c for c in gone.cues if section.start_s <= c.time_s < section.end_s - 0.01]


def test_colours_are_exchanged_in_their_roles(page):
    before = directed()
    colors = page.evaluate("([l, i]) => E.sectionColors(l, i)", [as_page(before), 1])
    wanted = [f"#10{n:02x}40" for n in range(len(colors))]
    after = edited(page, before, "setSectionColors", 1, wanted)
    place = dict(zip(colors, wanted, strict=True))
    for old, new in zip(before.cues, after.cues, strict=True):
        inside = before.sections[1].start_s <= old.time_s < before.sections[1].end_s - 0.01
        assert new.colors == (tuple(place[color] for color in old.colors) if inside else old.colors)
    palette = ["#ff0000", "#00ff00"]
    assert edited(page, before, "setPalette", palette) == recolor(before, tuple(palette))


def test_cues_are_added_over_what_plays_and_go_without_a_trace(page):
    before = directed()
    at = before.sections[1].start_s + 5.2
    after = edited(page, before, "addCue", at)
    (cue,) = set(after.cues) - set(before.cues)
    assert min(abs(beat.time_s - cue.time_s) for beat in after.beats) < 1e-3
    assert edited(page, after, "deleteCue", after.cues.index(cue)) == before
    there = edited(page, before, "addCue", before.sections[1].start_s)
    (layer,) = set(there.cues) - set(before.cues)
    assert layer.zones == "center", "where a picture begins a new cue is an accent over it"


def test_the_beat_grid_moves_with_all_that_lies_on_it(page):
    before = directed()
    later = edited(page, before, "nudgeBeats", 20)
    np.testing.assert_allclose(
        [b.time_s for b in later.beats][:50], [b.time_s + 0.02 for b in before.beats][:50], atol=1e-3
    )
    assert later.sections[2].start_s == pytest.approx(before.sections[2].start_s + 0.02, abs=1e-3)
    assert later.sections[0].start_s == before.sections[0].start_s
    assert len(later.cues) == len(before.cues)

    half = edited(page, before, "halveTempo")
    assert len(half.beats) == pytest.approx(len(before.beats) / 2, abs=1)
    assert half.tempo_bpm == pytest.approx(before.tempo_bpm / 2, abs=0.01)
    ones = {beat.time_s for beat in before.beats if beat.position == 1}
    assert {beat.time_s for beat in half.beats if beat.position == 1} <= ones
    again = edited(page, half, "doubleTempo")
    np.testing.assert_allclose(
        [b.time_s for b in again.beats][:60],
        [b.time_s for b in before.beats if b.time_s >= half.beats[0].time_s][:60],
        atol=0.02,
    )

    one = edited(page, before, "shiftDownbeat", 1)
    first = next(beat.time_s for beat in before.beats if beat.position == 2)
    assert next(b.position for b in one.beats if b.time_s == first) == 1
    assert min(abs(b.time_s - one.sections[2].start_s) for b in one.beats if b.position == 1) < 1e-3
    back = edited(page, one, "shiftDownbeat", -1)
    assert [b.position for b in back.beats] == [b.position for b in before.beats]
    assert back.sections == before.sections


def test_a_tempo_is_found_in_taps(page):
    chance = np.random.default_rng(3)
    taps = (10.3 + np.arange(12) * 60 / 93 + chance.normal(0, 0.02, 12)).tolist()
    found = page.evaluate("(taps) => E.tapped(taps)", taps)
    assert found["bpm"] == pytest.approx(93, rel=0.02)
    assert found["beat_s"] == pytest.approx(10.3, abs=0.03)
    even = edited(page, directed(), "evenGrid", found["bpm"], found["beat_s"])
    assert min(abs(beat.time_s - 10.3) for beat in even.beats if beat.position == 1) < 0.05
    assert page.evaluate("(taps) => E.tapped(taps)", taps[:3]) is None


def test_kept_stretches_join_and_part(page):
    def call(name, *given):
        return page.evaluate("([name, given]) => E[name](...given)", [name, list(given)])

    assert call("withKept", [[0, 10]], 10, 20) == [[0, 20]]
    assert call("withKept", [[30, 40]], 0, 5) == [[0, 5], [30, 40]]
    assert call("withoutKept", [[0, 20]], 5, 10) == [[0, 5], [10, 20]]
    assert call("isKept", [[5, 15]], {"start_s": 8, "end_s": 16}) is True
    assert call("isKept", [[5, 11]], {"start_s": 8, "end_s": 16}) is False


def test_two_hours_are_edited_at_once(page):
    hours = made_cues(7200.0, 174.0)
    found = page.evaluate(
        """(text) => {
          const list = JSON.parse(text), times = {};
          for (const [name, run] of Object.entries({
            boundary: (l) => E.moveBoundary(l, 3, l.sections[3].start_s + 30), nudge: (l) => E.nudgeBeats(l, 10),
            look: (l) => E.setSectionLook(l, 3, "chase"), intensity: (l) => E.setSectionIntensity(l, 3, 0.3),
            cue: (l) => E.addCue(l, 3000),
          })) { const from = performance.now(); run(list); times[name] = performance.now() - from; }
          return times;
        }""",
        to_json(hours),
    )
    assert max(found.values()) < 250, found
