"""Beats, bars and tempo from learned scores: right for every meter and tempo, from a tired listener too."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.cues import bar_pointer, learned_grid, machine_time
from beatomizer.cues.bar_evidence import LEEWAY, Evidence, agreement, evidence
from beatomizer.cues.bar_pointer import Piece, walk
from beatomizer.cues.beat_grid import SURE, sure_beats, track_beats
from beatomizer.cues.steady_bars import path_worth, steady_bars
from beatomizer.cues.tempo_evidence import TEMPI, TempoEvidence
from beatomizer.cues.tempo_evidence import worth as tempo_worth
from beatomizer.inference.engine import TEMPI_BPM
from beatomizer.timebase import FPS
from tests.beat_scores import f_measure
from tests.tired_listener import OCTAVE_BINS, rightly_heard, tired


def counted(bpm, duration_s, meter=4, first_s=0.3):
    """``(time, position)`` of a song's beats; ``bpm`` may be one number for each beat."""
    steps = np.broadcast_to(60.0 / np.asarray(bpm, dtype=np.float64), 2000)
    times = first_s + np.concatenate([[0.0], np.cumsum(steps)])
    return [(float(t), n % meter + 1) for n, t in enumerate(times[times < duration_s - 0.5])]


def compared(beats, grid):
    """F1 of beats and of downbeats."""
    pairs = [
        (
            [t for t, p in beats if p == 1 or not firsts],
            [b.time_s for b in grid.beats if b.position == 1 or not firsts],
        )
        for firsts in (False, True)
    ]
    return [f_measure(np.array(one), np.array(other)) for one, other in pairs]


@pytest.mark.parametrize("bpm", [62, 121, 200])
@pytest.mark.parametrize(
    ("listener", "meter"), [("right", 2), ("right", 3), ("right", 4), ("tired", 3), ("tired", 4)]
)
def test_every_tempo_and_meter_without_octave_errors(bpm, meter, listener):
    beats = counted(bpm, 40.0, meter)
    heard = rightly_heard(beats, 40.0)
    grid = track_beats(tired(heard, bpm + meter) if listener == "tired" else heard, 40.0)
    assert grid.meter == meter
    assert grid.tempo_bpm == pytest.approx(bpm, rel=0.01)
    beat, bar = compared(beats, grid)
    assert beat > 0.98
    assert bar > 0.95


@pytest.mark.parametrize("octave", [-OCTAVE_BINS, OCTAVE_BINS])
def test_a_tempo_head_that_believes_in_the_wrong_octave_is_outvoted(octave):
    beats = counted(100, 60.0)
    heard = rightly_heard(beats, 60.0)
    wrong = heard.tempo.copy()
    wrong[:, :-1] = 0.3 * wrong[:, :-1] + 0.7 * np.roll(wrong[:, :-1], octave, axis=1)
    assert track_beats(replace(heard, tempo=wrong), 60.0).tempo_bpm == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("bpm", [90, 180])
def test_phase_and_tempo_settle_what_peaks_leave_open(bpm):
    """Eighths of 90 BPM that are as strong as beats, or the beats of 180?"""
    peaks = rightly_heard(counted(180, 60.0), 60.0).beat
    heard = replace(rightly_heard(counted(bpm, 60.0), 60.0), beat=peaks, downbeat=None)
    assert track_beats(heard, 60.0).tempo_bpm == pytest.approx(bpm, rel=0.01)


def test_drift_is_followed_and_no_machine():
    bpm = 100 + 8 * np.sin(np.arange(2000) / 17.0)
    beats = counted(bpm, 90.0)
    grid = track_beats(tired(rightly_heard(beats, 90.0), 1), 90.0)
    assert not grid.constant
    assert compared(beats, grid)[0] > 0.98


def test_a_change_of_tempo_is_followed_within_a_bar():
    bpm = np.where(np.arange(2000) < 80, 128.0, 92.0)
    beats = counted(bpm, 80.0)
    grid = track_beats(rightly_heard(beats, 80.0), 80.0)
    changed_s = beats[80][0]
    near = [b.time_s for b in grid.beats if changed_s + 4 * 60 / 92 < b.time_s < 79]
    assert compared(beats, grid)[0] > 0.98
    assert np.diff(near).mean() == pytest.approx(60 / 92, rel=0.01)


def test_a_dropped_beat_begins_a_new_bar():
    first, second = counted(120, 30.0), counted(120, 60.0, first_s=0.3)
    beats = [pair for pair in first if pair[0] < 27.9]  # ends on a second beat
    beats += [(t, (n - len(beats)) % 4 + 1) for n, (t, _) in enumerate(second) if n >= len(beats)]
    grid = track_beats(rightly_heard(beats, 60.0), 60.0)
    assert compared(beats, grid)[1] > 0.97


def test_sequenced_music_lands_on_one_exact_grid():
    beats = counted(127.3, 120.0)
    for heard in (rightly_heard(beats, 120.0), tired(rightly_heard(beats, 120.0), 3)):
        grid = track_beats(heard, 120.0)
        assert grid.constant
        assert grid.tempo_bpm == pytest.approx(127.3, abs=0.05)
        nearest = [min(abs(b.time_s - t) for t, _ in beats) for b in grid.beats]
        assert np.median(nearest) < 0.004  # far finer than a frame


def test_a_line_is_laid_only_through_a_machine():
    times = 0.2 + np.arange(200) * 0.48
    rate, first = machine_time.steady_line(times, np.ones(200))
    assert (1 / rate, first) == pytest.approx((0.48, 0.2))
    assert machine_time.steady_line(times + 0.02 * np.sin(np.arange(200) / 20), np.ones(200)) is None
    assert machine_time.steady_line(times[:10], np.ones(10)) is None


def test_no_beat_is_sure_where_the_engine_hears_none():
    beats = [pair for pair in counted(110, 90.0) if not 30.0 < pair[0] < 60.0]
    heard = rightly_heard(beats, 90.0)
    hole = slice(31 * FPS, 59 * FPS)
    heard.tempo[hole], heard.phase[hole] = np.eye(49)[-1], 0.5
    grid = track_beats(heard, 90.0)
    inside = [b.confidence for b in grid.beats if 34.0 < b.time_s < 56.0]
    outside = [b.confidence for b in grid.beats if not 28.0 < b.time_s < 62.0]
    assert max(inside) < SURE / 2
    assert np.quantile(outside, 0.05) > 2 * SURE
    outside = [pair for pair in beats if not 28.0 < pair[0] < 62.0]
    found = replace(grid, beats=tuple(b for b in grid.beats if not 28.0 < b.time_s < 62.0))
    assert compared(outside, found)[0] > 0.98


def test_speech_has_no_tempo():
    heard = rightly_heard([], 60.0)
    rng = np.random.default_rng(0)
    heard = replace(heard, beat=(0.2 * rng.random(len(heard.beat))).astype(np.float32))
    grid = track_beats(heard, 60.0)
    assert grid.tempo_bpm == 0.0
    assert not sure_beats(grid.beats).any()


def plain_walk(heard, tempi):
    """The same program, one frame, one state and one predecessor at a time: the worth of the best path."""
    piece = Piece(heard, tempi, None)
    meters, places = bar_pointer.METER_OF, bar_pointer.PLACE_OF
    states = range(len(places))
    best = {}

    def cost(tempo, state, new_tempo, new_state):
        move = int(tempi[new_tempo] - tempi[tempo])
        drift = min({**bar_pointer._DRIFT_COST, 0: 0.0}.get(-move, np.inf), float(bar_pointer._JUMP_COST))
        onward = (
            meters[new_state] == meters[state] and places[new_state] == (places[state] + 1) % meters[state]
        )
        if not onward and places[new_state]:
            return np.inf
        return drift + (0.0 if onward else float(bar_pointer._RESTART_COST))

    for frame in range(len(heard)):
        for tempo in range(len(tempi)):
            for state in states:
                gain = 0.0 if frame < bar_pointer.LONGEST else -np.inf
                for number in range(len(LEEWAY)):
                    back = frame - int(piece.intervals[tempo, number])
                    for (old_tempo, old_state), worth in best.get(back, {}).items():
                        reached = worth - cost(old_tempo, old_state, tempo, state)
                        reached += piece.interval_worth[frame, number, tempo] + piece.beat_worth[frame, state]
                        gain = max(gain, reached)
                if gain > -np.inf:
                    best.setdefault(frame, {})[tempo, state] = gain
    return max(max(ends.values()) for ends in list(best.values())[-bar_pointer.LONGEST :])


def test_block_program_equals_the_obvious_one():
    rng = np.random.default_rng(5)
    count = 150
    heard = Evidence(
        rng.normal(-1.0, 2.0, count).astype(np.float32),
        rng.normal(0.0, 2.0, count).astype(np.float32),
        (0.1 * rng.normal(size=count) + 0.1j * rng.normal(size=count)).astype(np.complex64),
        TempoEvidence.of(rng.dirichlet(np.full(len(TEMPI_BPM) + 1, 0.1), count).astype(np.float32)),
    )
    tempi = np.array([40, 41, 55])
    assert Piece(heard, tempi, None).total[-bar_pointer.LONGEST :].max() == pytest.approx(
        plain_walk(heard, tempi), rel=1e-4
    )


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30))
def test_tempo_is_the_same_worked_out_whole_or_in_pieces(first, length, step):
    """Before and after the song nothing is known, and sums go on as they were."""
    tempo = np.random.default_rng(1).dirichlet(np.full(len(TEMPI_BPM) + 1, 0.1), 50).astype(np.float32)
    whole = np.zeros((70, len(TEMPI)))
    whole[10:60] = tempo_worth(tempo)
    wide = TempoEvidence.of(tempo).widened(10, 10)
    assert len(wide) == 70
    last = min(first + length, 70)
    piece = wide.cut(first, last)
    plain = np.concatenate([np.zeros((1, len(TEMPI))), np.cumsum(whole[first:last], axis=0)])
    assert piece.sums() == pytest.approx(plain, abs=1e-9)
    assert np.sum(list(piece.blocks(step)), axis=0) == pytest.approx(plain[-1], abs=1e-9)
    assert piece.total == pytest.approx(plain[-1], abs=1e-9)


def test_phase_agrees_with_its_own_tempo_only():
    turning = np.exp(2j * np.pi * np.arange(600) / 30).astype(np.complex64)
    assert agreement(turning, 30)[300] == pytest.approx(30, rel=1e-4)
    assert agreement(turning, 30)[315] == pytest.approx(-30, rel=1e-4)
    assert abs(agreement(turning, 60)[300]) < 0.1
    assert abs(agreement(turning, 15)[300]) < 1.5


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(60, 700), st.sampled_from([1.0, 1e-3, np.nan]))
def test_any_scores_give_ordered_beats_inside_the_song(seed, count, scale):
    rng = np.random.default_rng(seed)
    heard = rightly_heard(counted(120, count / FPS), count / FPS)
    scores = {
        name: rng.random(getattr(heard, name).shape).astype(np.float32)
        for name in ("beat", "downbeat", "phase")
    }
    tempo = (rng.random((count, len(TEMPI_BPM) + 1)) * scale).astype(np.float32)
    duration_s = (count - 0.5) / FPS
    grid = track_beats(replace(heard, **scores, tempo=tempo), duration_s)
    found = np.array([beat.time_s for beat in grid.beats])
    assert (np.diff(found) > 0).all()
    assert all(0.0 <= beat.time_s < duration_s for beat in grid.beats)
    assert all(0.0 <= beat.confidence <= 1.0 and 1 <= beat.position <= 4 for beat in grid.beats)


def test_long_songs_are_walked_in_pieces_without_a_seam(monkeypatch):
    heard = evidence(tired(rightly_heard(counted(97, 100.0, 3), 100.0), 2))
    whole = walk(heard)
    monkeypatch.setattr(bar_pointer, "_CHUNK", 15 * FPS)
    monkeypatch.setattr(bar_pointer, "_AHEAD", 10 * FPS)
    pieces = walk(heard)
    assert np.array_equal(whole.frames, pieces.frames)
    assert np.array_equal(whole.positions, pieces.positions)


def test_four_minutes_take_less_than_a_second():
    heard = tired(rightly_heard(counted(126, 240.0), 240.0), 0)
    start = time.process_time()
    track_beats(heard, 240.0)
    assert time.process_time() - start < 2.0  # measured 0.4 s; the rest is for a loaded machine


def test_a_rate_found_by_chance_does_not_spoil_what_the_pointer_heard(monkeypatch):
    """Some songs keep in phase with a rate that nobody plays; nothing speaks for beats there."""
    beats = counted(103, 60.0)
    heard = rightly_heard(beats, 60.0)
    monkeypatch.setattr(learned_grid, "steady", lambda *_: [(64.1 / 60.0, 0.1)])
    beat, bar = compared(beats, track_beats(heard, 60.0))
    assert min(beat, bar) > 0.98


def test_what_speaks_for_a_machines_grid_speaks_for_the_pointers_beats_alike():
    heard = rightly_heard(counted(120, 60.0), 60.0)
    said = evidence(heard)
    grid, path = steady_bars(said, 2.0, 0.3), walk(said)
    assert path_worth(said, path) == pytest.approx(grid.worth, rel=0.05)
