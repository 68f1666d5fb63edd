"""Other wishes for an edited show: the person's form and the kept stretches stay, the rest is designed anew."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.audio.audio import Audio
from beatomizer.cues.beat_grid import BeatGrid
from beatomizer.cues.cuelist import CueList, Section
from beatomizer.cues.format import from_json, to_json
from beatomizer.cues.redesign import bars_of, grid_of, with_kept
from beatomizer.cues.style import Style
from beatomizer.errors import UnreadableInputError
from beatomizer.inference.engine import RawLight
from beatomizer.inference.engines import load_engine
from beatomizer.line import Listened, designed, listen, redesigned
from beatomizer.safety.limit import limit
from beatomizer.show.draw import draw_show
from tests.made_cues import COLORS, cue_lists, one_cue, steady_beats
from tests.songs import beat_song


@pytest.fixture(scope="module")
def song() -> Listened:
    audio = Audio(beat_song(60.0))
    return listen(audio, load_engine("classic"))


@pytest.fixture(scope="module")
def cues(song: Listened) -> CueList:
    return designed(song, Style(energy=0.7))


def test_the_same_wishes_give_the_same_cues(song: Listened, cues: CueList) -> None:
    again = redesigned(song, cues, Style(energy=0.7))
    assert again.sections == cues.sections
    assert again.beats == cues.beats
    assert again.palette == cues.palette
    assert [(cue.time_s, cue.look) for cue in again.cues] == [(cue.time_s, cue.look) for cue in cues.cues]


def test_other_wishes_give_another_show_of_the_same_song(song: Listened, cues: CueList) -> None:
    calm = redesigned(song, cues, Style(energy=0.0, zones=4, safety="strict", palette="neon", seed=3))
    assert (calm.zones, calm.safety, calm.seed) == (4, "strict", 3)
    assert calm.palette != cues.palette
    assert {cue.look for cue in calm.cues} != {cue.look for cue in cues.cues}
    assert (calm.beats, calm.sections, calm.level) == (cues.beats, cues.sections, cues.level)
    assert limit(draw_show(calm), "strict").report.peak_flashes_per_s <= 3


def test_what_a_person_moved_stays_moved(song: Listened, cues: CueList) -> None:
    """Half the beats, and a section of one's own that begins between two bars."""
    slow = tuple(replace(beat, position=n % 4 + 1) for n, beat in enumerate(cues.beats[::2]))
    parts = (Section(0.0, 21.37, "A", "intro"), Section(21.37, 60.0, "B", "drop", 1.0))
    edited = replace(cues, beats=slow, tempo_bpm=cues.tempo_bpm / 2, sections=parts)
    new = redesigned(song, edited, Style(energy=0.7))
    assert new.beats == slow
    assert new.sections == parts
    assert any(abs(cue.time_s - 21.37) < 1e-3 for cue in new.cues)


def test_kept_stretches_come_through_cue_by_cue(song: Listened, cues: CueList) -> None:
    half = cues.sections[0].start_s, 30.0
    new = redesigned(song, cues, Style(energy=0.1, palette="ocean"), [half])
    inside = [cue for cue in cues.cues if half[0] <= cue.time_s < half[1]]
    assert inside
    assert [cue for cue in new.cues if half[0] <= cue.time_s < half[1]] == inside
    after = {color for cue in new.cues if cue.time_s >= half[1] for color in cue.colors}
    assert after.isdisjoint(set(cues.palette) - set(new.palette))
    assert from_json(to_json(new)) == new


def test_a_song_without_sections_or_beats_is_designed_too(song: Listened, cues: CueList) -> None:
    bare = replace(cues, sections=(), beats=(), tempo_bpm=0.0, cues=())
    assert redesigned(song, bare, Style()).cues


def test_an_engine_of_colour_has_no_cues(song: Listened, cues: CueList) -> None:
    raw = replace(song, heard=RawLight(np.zeros((10, 1, 3), dtype=np.float32)))
    with pytest.raises(UnreadableInputError, match="no cues"):
        redesigned(raw, cues, Style())


@pytest.mark.parametrize("meter", [3, 4])
def test_the_meter_is_that_of_most_bars(meter: int) -> None:
    beats = tuple(replace(beat, position=n % meter + 1) for n, beat in enumerate(steady_beats(120.0, 20.0)))
    assert grid_of(CueList(20.0, beats)).meter == meter


def test_a_section_takes_the_place_of_a_bar_that_is_near() -> None:
    grid = BeatGrid(steady_beats(120.0, 20.0, first_s=0.0), 120.0)
    parts = [Section(0.0, 4.1, "A"), Section(4.1, 9.0, "B"), Section(9.0, 20.0, "A")]
    bars_s = bars_of(parts, grid, 20.0)
    assert {4.1, 9.0} <= set(bars_s.tolist())
    assert 4.0 not in bars_s
    assert (np.diff(bars_s) > 0.5).all()
    assert (bars_s[0], bars_s[-1]) == (0.0, 20.0)


@given(cue_lists(), cue_lists(), st.lists(st.tuples(st.floats(0, 4), st.floats(0, 4)), max_size=3))
def test_kept_cues_are_the_old_ones_and_others_the_new_ones(new, old, kept) -> None:
    merged = with_kept(new.cues, old.cues, kept)
    assert list(merged) == sorted(merged, key=lambda cue: cue.time_s)
    assert set(merged) <= set(new.cues) | set(old.cues)
    assert with_kept(merged, old.cues, kept) == merged


def test_nothing_kept_is_all_new() -> None:
    old, new = one_cue("hold").cues, one_cue("pulse", colors=COLORS[1:]).cues
    assert with_kept(new, old, ()) == new
