"""The cue list as JSON: round trips, hand edits, and files written by enemies."""

import itertools
import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.cues.cuelist import LOOKS, ZONE_GROUPS, Accent, Beat, Cue, CueList, Level, Section
from beatomizer.cues.format import MAX_BYTES, from_json, read_cues, rounded, to_json
from beatomizer.cues.recolor import recolor
from beatomizer.cues.rows import KINDS
from beatomizer.errors import BeatomizerError, UnreadableInputError

SHARE = st.floats(0.0, 1.0)
COLOR = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@st.composite
def cue_lists(draw):
    duration_s = draw(st.floats(1.0, 20_000.0))
    time_s = st.floats(0.0, duration_s)
    rows = {"max_size": 6}
    cues = st.builds(
        Cue,
        time_s,
        st.sampled_from(LOOKS),
        st.lists(COLOR, min_size=1, max_size=3).map(tuple),
        SHARE,
        st.floats(0.0, 60.0),
        st.floats(0.01, 64.0),
        st.one_of(
            st.sampled_from(ZONE_GROUPS), st.lists(st.integers(0, 511), min_size=1, max_size=5).map(tuple)
        ),
        SHARE,
    )
    starts = sorted(draw(st.lists(time_s, **rows)))
    sections = [
        Section(start, end, draw(st.sampled_from("ABC")), draw(st.sampled_from(KINDS)), draw(SHARE))
        for start, end in itertools.pairwise(starts)
    ]
    beats = st.lists(st.builds(Beat, time_s, st.integers(1, 12), SHARE, SHARE), **rows)
    by_time = {"key": lambda row: round(row.time_s, 4)}
    return CueList(
        duration_s=duration_s,
        beats=tuple(sorted(draw(beats), **by_time)),
        sections=tuple(sorted(sections, key=lambda section: round(section.start_s, 4))),
        palette=tuple(draw(st.lists(COLOR, max_size=5))),
        cues=tuple(sorted(draw(st.lists(cues, **rows)), **by_time)),
        accents=tuple(sorted(draw(st.lists(st.builds(Accent, time_s, SHARE), **rows)), **by_time)),
        level=Level(0.25, tuple(draw(st.lists(SHARE, **rows)))),
        title=draw(st.text(max_size=40)),
        artist=draw(st.text(max_size=40)),
        tempo_bpm=draw(st.floats(0.0, 300.0)),
        model=draw(st.sampled_from(["", "classic"])),
        seed=draw(st.integers(0, 2**63 - 1)),
        safety=draw(st.sampled_from(["broadcast", "strict"])),
        zones=draw(st.integers(1, 512)),
    )


@settings(max_examples=150, deadline=None)
@given(cue_lists())
def test_round_trip_is_exact_after_rounding(cues):
    again = from_json(to_json(cues))
    assert again == rounded(cues)
    assert to_json(again) == to_json(cues)
    assert rounded(again) == again


def small(**changes):
    content = {
        "version": 1,
        "duration_s": 10.0,
        "palette": ["#ff0000", "#0000ff"],
        "beats": [{"time_s": 1.0, "position": 1, "confidence": 0.9}],
        "sections": [{"start_s": 0.0, "end_s": 10.0, "label": "A"}],
        "cues": [{"time_s": 0.0, "look": "pulse", "colors": ["#ff0000"], "intensity": 0.5}],
    }
    content.update(changes)
    return json.dumps(content)


def cue(**changes):
    return small(cues=[{"time_s": 0.0, "look": "pulse", "colors": ["#ff0000"], **changes}])


def test_only_the_contract_keys_are_needed_and_others_are_ignored():
    cues = from_json(small(mood="blue", version=1))
    assert cues.zones == 8
    assert cues.cues[0] == Cue(0.0, "pulse", ("#ff0000",), 0.5)
    assert from_json('{"duration_s": 3}') == CueList(3.0)


def test_keys_unlike_ours_and_keys_put_out_of_use_are_ignored():
    row = {"time_s": 0, "look": "hold", "colors": ["#ff0000"], "_intensity": 0.1, "//fade_s": 2, "note": "!"}
    cues = from_json(small(cues=[row], comment="mine", bpm_guess=3))
    assert cues.cues[0].intensity == 1.0
    assert cues.cues[0].fade_s == 0.0


def test_a_show_is_cut_short_by_its_duration_alone():
    beats = [{"time_s": time_s} for time_s in (0, 5, 12, 80)]
    parts = [{"start_s": 0, "end_s": 40, "label": "A"}, {"start_s": 40, "end_s": 80, "label": "B"}]
    accents = [{"time_s": 3, "strength": 1}, {"time_s": 30, "strength": 1}]
    cues = from_json(small(beats=beats, sections=parts, accents=accents))
    assert [beat.time_s for beat in cues.beats] == [0, 5]
    assert [(part.start_s, part.end_s) for part in cues.sections] == [(0, 10)]
    assert [accent.time_s for accent in cues.accents] == [3]


def test_colors_may_be_places_in_the_palette_and_are_written_as_hex():
    cues = from_json(cue(colors=[1, "#0F0", 0]))
    assert cues.cues[0].colors == ("#0000ff", "#00ff00", "#ff0000")
    assert '"colors": ["#0000ff", "#00ff00", "#ff0000"]' in to_json(cues)


def test_zones_may_be_numbers():
    assert from_json(cue(zones=[3, 0])).cues[0].zones == (3, 0)
    assert from_json(cue(zones="edges")).cues[0].zones == "edges"


def test_a_blackout_needs_no_color():
    assert from_json(small(cues=[{"time_s": 1, "look": "blackout"}])).cues[0].look == "blackout"


def test_lists_out_of_order_are_sorted_and_ties_keep_their_order():
    rows = [
        {"time_s": 5, "look": "hold", "colors": [0]},
        {"time_s": 1, "look": "swell", "colors": [0]},
        {"time_s": 5, "look": "pulse", "colors": [1]},
    ]
    assert [cue.look for cue in from_json(small(cues=rows)).cues] == ["swell", "hold", "pulse"]


def test_one_row_a_line_and_human_numbers():
    cues = CueList(1 / 3, cues=(Cue(1 / 3, "hold", ("#ffffff",)),), beats=(Beat(0.1 + 0.2, 1),))
    lines = to_json(cues).splitlines()
    assert sum('"look"' in line for line in lines) == 1
    assert any(line.strip().startswith('{"time_s": 0.3,') for line in lines)
    assert from_json(to_json(cues)).duration_s == pytest.approx(1 / 3, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (cue(look="puls"), "cues[0].look", "did you mean 'pulse'?"),
        (cue(look=7), "cues[0].look", "is not a look"),
        (cue(colors=[]), "cues[0].colors", "at least one colour"),
        (cue(colors=["red-ish"]), "cues[0].colors[0]", "not a colour"),
        (cue(colors=[5]), "cues[0].colors[0]", "the palette has no colour 5"),
        (cue(colors=[True]), "cues[0].colors[0]", "colour"),
        (cue(zones="middle"), "cues[0].zones", "group of zones"),
        (cue(zones=[-1]), "cues[0].zones", "stage left"),
        (cue(zones=[]), "cues[0].zones", "empty"),
        (cue(intensity=2), "cues[0].intensity", "give 0 to 1"),
        (cue(intensity="full"), "cues[0].intensity", "'full' is not a number"),
        (cue(time_s=-1), "cues[0].time_s", "out of range"),
        (cue(time_s=1e9), "cues[0].time_s", "out of range"),
        (cue(beats=0), "cues[0].beats", "out of range"),
        (small(cues={"time_s": 0}), "cues", "not a list"),
        (small(cues=[3]), "cues[0]", "not an object"),
        (small(beats=[{"position": 1}]), "beats[0].time_s", "is missing"),
        (small(beats=[{"time": 1.0}]), "beats[0].time", "did you mean 'time_s'?"),
        (cue(intensty=0.2), "cues[0].intensty", "did you mean 'intensity'?"),
        (cue(zone="left"), "cues[0].zone", "did you mean 'zones'?"),
        ('{"duration_s": 10, "ceus": []}', "ceus", "did you mean 'cues'?"),
        (small(level={"value": []}), "level.value", "did you mean 'values'?"),
        (cue(time_s="0:10"), "cues[0].time_s", "write seconds, like 83.5"),
        (cue(time_s="10"), "cues[0].time_s", "write it without quotes"),
        (cue(time_s=11.5), "cues[0].time_s", "after the end of the show: duration_s is 10"),
        (small(palette=[255, 0, 0]), "palette", "a colour is text like #ff8800"),
        (small(beats=[{"time_s": 1, "position": 1.5}]), "beats[0].position", "whole number"),
        (small(sections=[{"start_s": 5, "end_s": 1, "label": "A"}]), "sections[0].end_s", "before start_s"),
        (small(sections=[{"start_s": 0, "end_s": 1, "kind": "dropp"}]), "sections[0].kind", "'drop'"),
        (small(version=2), "version", "newer"),
        (small(zones=0), "zones", "out of range"),
        (small(level={"values": [0.5, 2]}), "level.values[1]", "0 to 1"),
        (small(level=[1]), "level", "not an object"),
        (small(title=["x"]), "title", "not text"),
        (small(duration_s=None), "duration_s", "is missing"),
    ],
)
def test_mistakes_are_named_with_their_place(text, place, says):
    with pytest.raises(UnreadableInputError) as caught:
        from_json(text, "my.json")
    assert f"my.json: {place}" in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"cues"',
        "{",
        '{"duration_s": NaN}',
        '{"duration_s": Infinity}',
        '{"duration_s": 1e999}',
        '{"duration_s": -1e999}',
        '{"duration_s": 1' + "0" * 5000 + "}",
        '{"duration_s": 1, "duration_s": 2}',
        '{"duration_s": 3, "cues": ' + "[" * 100_000,
        '{"duration_s": 3, "x": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}",
        '{"duration_s": 3, "title": "' + '\\"' * 500_000,
        '{"duration_s": 3, "beats": [' + "1," * 400_000 + "1]}",
        "\x00\x01\x02",
        " " * (MAX_BYTES + 1),
    ],
    ids=lambda text: f"{len(text)} characters",
)
def test_hostile_text_is_refused_in_one_line_and_at_once(text):
    start = time.process_time()
    with pytest.raises(UnreadableInputError) as caught:
        from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700
    assert time.process_time() - start < 3.0


@settings(max_examples=150, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                        st.sampled_from(["time_s", "look", "colors", "beats", "cues", "level", "zones", "x"]),
                        inner, max_size=5), max_leaves=12),
       st.sampled_from(["cues", "beats", "sections", "accents", "level", "palette", "title", "seed"]))  # fmt: skip
def test_any_json_is_read_or_refused_never_more(value, key):
    try:
        cues = from_json(json.dumps({"duration_s": 5.0, key: value}))
    except BeatomizerError:
        return
    assert from_json(to_json(cues)) == rounded(cues)


def test_half_characters_of_damaged_tags_can_be_written():
    cues = CueList(1.0, title="bad \udce9 tag")
    to_json(cues).encode("utf-8")
    assert from_json(to_json(cues)).title == "bad ? tag"


def test_files_that_are_none(tmp_path):
    for path, says in [
        (tmp_path, "not a regular file"),
        (tmp_path / "none.json", "there is no file"),
    ]:
        with pytest.raises(UnreadableInputError, match=says):
            read_cues(path)
    (tmp_path / "latin.json").write_bytes(b'{"title": "caf\xe9"}')
    with pytest.raises(UnreadableInputError, match="UTF-8"):
        read_cues(tmp_path / "latin.json")
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + small().encode())
    assert read_cues(tmp_path / "bom.json").duration_s == 10.0
    assert read_cues(str(tmp_path / "bom.json")).duration_s == 10.0
    with pytest.raises(UnreadableInputError, match="is empty"):
        from_json(" \n")


def test_recolor_goes_by_place_and_keeps_strangers():
    cues = from_json(cue(colors=[0, 1, "#123456"]))
    other = recolor(cues, ("#00ff00", "#ffff00", "#00ffff"))
    assert other.palette == ("#00ff00", "#ffff00", "#00ffff")
    assert other.cues[0].colors == ("#00ff00", "#ffff00", "#123456")
    assert recolor(cues, ("#010101",)).cues[0].colors == ("#010101", "#010101", "#123456")
    assert recolor(other, cues.palette).cues[0].colors == cues.cues[0].colors


def test_recolor_without_a_palette_goes_by_first_appearance():
    bare = replace(from_json(cue(colors=["#111111", "#222222"])), palette=())
    assert recolor(bare, ("#aaaaaa", "#bbbbbb")).cues[0].colors == ("#aaaaaa", "#bbbbbb")
