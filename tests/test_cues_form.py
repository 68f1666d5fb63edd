"""Sections from learned scores: where they begin, which come back, what they are called and what is a drop."""

from dataclasses import replace
from itertools import combinations

import mir_eval
import numpy as np
import pytest

from beatomizer.arrays import F64
from beatomizer.cues import learned_form
from beatomizer.cues.bar_view import BarView, LearnedBars, bar_view
from beatomizer.cues.beat_grid import track_beats
from beatomizer.cues.cuelist import CueList, Section
from beatomizer.cues.format import from_json, rounded, to_json
from beatomizer.cues.learned_form import cut, families, letters, named
from beatomizer.cues.structure import find_sections
from beatomizer.features.bank import COLUMNS, SETTINGS, WIDTH
from beatomizer.features.features import Features
from beatomizer.inference.engine import PARTS
from beatomizer.timebase import FPS, HOP
from tests.tired_listener import rightly_heard, tired

BAR_S = 2.0

POP = [("intro", "I", 4, -24), ("verse", "A", 8, -18), ("chorus", "B", 8, -10), ("verse", "A", 8, -18)]
POP += [("chorus", "B", 8, -10), ("bridge", "C", 8, -20), ("chorus", "B", 8, -9), ("outro", "O", 4, -24)]
CLUB = [("intro", "I", 8, -24), ("groove", "A", 8, -14), ("break", "B", 8, -24), ("build", "C", 8, -22)]
CLUB += [("drop", "D", 16, -8), ("outro", "O", 8, -20)]


def heard_and_features(form):
    """A song of bars of two seconds: what is heard of it, and features whose sound and loudness follow the form."""
    starts = np.concatenate([[0], np.cumsum([bars for _, _, bars, _ in form])]) * BAR_S
    duration_s = float(starts[-1])
    beats = [(n * 0.5, n % 4 + 1) for n in range(int(duration_s / 0.5))]
    sections = [(float(start), label, letter) for start, (label, letter, _, _) in zip(starts, form)]
    frames = np.zeros((round(duration_s * FPS), WIDTH), dtype=np.float32)
    for start, end, (_, letter, _, lufs) in zip(starts, starts[1:], form):
        here = slice(round(start * FPS), round(end * FPS))
        colour = np.random.default_rng(ord(letter))
        frames[here, COLUMNS["mel"]] = colour.normal(0.0, 1.0, 64)
        frames[here, COLUMNS["chroma"]] = colour.random(12)
        frames[here, COLUMNS["flux"]] = 1.0 + lufs / 40.0
        frames[here, COLUMNS["loudness"]] = 1.0 + lufs / 80.0
    heard = replace(rightly_heard(beats, duration_s, sections), energy=None)
    samples = np.zeros(len(frames) * HOP, dtype=np.float32)
    return heard, Features(frames, samples, SETTINGS), sections, duration_s


def found_in(form, seed=None):
    heard, features, sections, duration_s = heard_and_features(form)
    if seed is not None:
        heard = tired(heard, seed)
    grid = track_beats(heard, duration_s)
    return find_sections(bar_view(heard, features, grid, duration_s)), sections, duration_s


@pytest.mark.parametrize("form", [POP, CLUB], ids=["pop", "club"])
def test_a_listener_that_is_right_gives_the_form(form):
    found, sections, duration_s = found_in(form)
    assert [part.start_s for part in found] == pytest.approx([start for start, _, _ in sections], abs=0.01)
    assert [part.end_s for part in found[:-1]] == [part.start_s for part in found[1:]]
    assert found[-1].end_s == duration_s
    letters = [letter for _, _, letter in sections]
    places = {letter: place for place, letter in enumerate(dict.fromkeys(letters))}
    assert [part.label for part in found] == ["ABCDEFG"[places[letter]] for letter in letters]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("form", [POP, CLUB], ids=["pop", "club"])
def test_a_tired_listener_still_gives_most_of_it(form, seed):
    found, sections, duration_s = found_in(form, seed)
    starts = [start for start, _, _ in sections]
    truth = np.array([*zip(starts, [*starts[1:], duration_s])])
    spans = np.array([(part.start_s, part.end_s) for part in found])
    spans[-1, 1] = duration_s
    assert mir_eval.segment.detection(truth, spans, window=3.0, trim=True)[2] >= 0.75
    letters = [letter for _, _, letter in sections]
    assert mir_eval.segment.pairwise(truth, letters, spans, [part.label for part in found])[2] > 0.7


def test_boundaries_heard_late_begin_with_the_bar():
    heard, features, sections, duration_s = heard_and_features(POP)
    late = replace(heard, boundary=np.roll(heard.boundary, 18))
    grid = track_beats(late, duration_s)
    found = find_sections(bar_view(late, features, grid, duration_s))
    assert [part.start_s for part in found] == pytest.approx([start for start, _, _ in sections], abs=0.01)


def test_kinds_and_names_of_a_pop_song_without_a_drop():
    found, _, _ = found_in(POP)
    assert [part.name for part in found] == [
        *("intro", "verse", "chorus", "verse", "chorus", "break", "chorus", "outro")
    ]
    kinds = [part.kind for part in found]
    assert kinds[:5] == ["intro", "steady", "steady", "steady", "steady"]
    assert kinds[5] == "break"
    assert kinds[-1] == "outro"


def test_a_drop_comes_after_a_build_with_a_leap():
    found, _, _ = found_in(CLUB)
    assert [part.kind for part in found] == ["intro", "steady", "break", "build", "drop", "outro"]
    flat = [(label, letter, bars, -12) for label, letter, bars, _ in CLUB]
    assert "drop" not in [part.kind for part in found_in(flat)[0]]
    at_once = [one for one in CLUB if one[0] not in ("break", "build", "intro")]
    assert "drop" not in [part.kind for part in found_in(at_once)[0]]


def bars_by_chance(rng, count):
    part = np.log(rng.dirichlet(np.full(len(PARTS), 0.3), count) + 0.02)
    learned = LearnedBars(
        part, rng.normal(size=(count, 16)) / 4, rng.random(count) ** 3, np.arange(count) * 2.0
    )
    sound = rng.normal(size=(count, 9)) / 3
    edges = np.arange(count + 1) * 2.0
    return BarView(
        edges, rng.random(count), np.full(count, -14.0), sound, learned.edge, np.ones(count), learned
    ), learned


@pytest.mark.parametrize("seed", range(4))
def test_the_cutting_is_the_best_of_all(seed):
    bars, learned = bars_by_chance(np.random.default_rng(seed), 10)
    worths = learned_form._worths(bars, learned)
    begins = learned_form.begins(learned)

    def worth(starts):
        ends = [*starts[1:], 10]
        return sum(worths[a, b - a - 1] for a, b in zip(starts, ends)) + sum(begins[a] for a in starts[1:])

    every = [(0, *inner) for size in range(10) for inner in combinations(range(1, 10), size)]
    assert worth([part.first for part in cut(bars, learned)]) == pytest.approx(max(map(worth, every)))


def test_families_grow_by_mean_likeness():
    vectors = np.array([[1, 0], [0.95, 0.3], [0, 1], [0.1, 0.98], [1, 0.05]], dtype=float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = families(vectors @ vectors.T)
    assert numbers[0] == numbers[1] == numbers[4] != numbers[2] == numbers[3]
    many = families(np.eye(30) * 2 - 1)
    assert len(set(many)) == 8  # no more letters than a person can follow


def test_names_are_written_where_there_are_any_and_read_again():
    sections = (Section(0.0, 8.0, "A", name="verse"), Section(8.0, 16.0, "B"))
    cues = CueList(16.0, sections=sections)
    text = to_json(cues)
    assert text.count('"name"') == 1
    assert from_json(text) == rounded(cues)


def test_an_hour_of_bars_is_cut_quickly():
    bars, learned = bars_by_chance(np.random.default_rng(0), 1800)
    parts = cut(bars, learned)
    assert parts[0].first == 0
    assert parts[-1].last == 1800
    assert len(set(learned_form.letters(parts, bars, learned))) <= 8


def test_one_material_has_one_name_and_the_loudest_is_the_chorus() -> None:
    verse, chorus = PARTS.index("verse"), PARTS.index("chorus")

    def chances(*rows: tuple[float, float]) -> F64:
        out = np.full((len(rows), len(PARTS)), 0.01)
        for row, (of_verse, of_chorus) in zip(out, rows, strict=True):
            row[verse], row[chorus] = of_verse, of_chorus
        return out

    even = np.full(4, 0.5)
    mixed = chances((0.8, 0.1), (0.2, 0.7), (0.8, 0.1), (0.45, 0.42))
    assert named(["A", "B", "A", "B"], mixed, even) == ["verse", "chorus", "verse", "chorus"]
    flat = chances(*[(0.9, 0.05)] * 4)
    assert named(["A", "B", "A", "B"], flat, even) == ["verse"] * 4
    rising = np.array([0.3, 0.8, 0.3, 0.8])
    assert named(["A", "B", "A", "B"], flat, rising) == ["verse", "chorus", "verse", "chorus"]
    assert named(["A", "A"], flat[:2], rising[:2]) == ["verse", "verse"]
    assert named(["A", "B"], np.full((2, len(PARTS)), 1 / 7), rising[:2]) == ["", ""]


def test_a_song_whose_parts_all_sound_alike_still_has_parts_that_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = np.array([0, 1, 0, 1, 0, 1])
    alike = np.where(group[:, None] == group[None, :], 0.9, 0.6)
    monkeypatch.setattr(
        learned_form, "_likeness", lambda parts, bars, heard: alike[: len(parts), : len(parts)]
    )
    parts = [learned_form._Part(8 * n, 8 * n + 8) for n in range(6)]
    assert letters(parts, None, None) == ["A", "B", "A", "B", "A", "B"]
    assert letters(parts[:3], None, None) == ["A", "A", "A"]  # too few parts to tell
