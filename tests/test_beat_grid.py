"""Beats, bars and tempo from scores: where they must be right, and where they must be silent."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.cues import machine_time, tempo
from beatomizer.cues.beat_grid import (
    SURE,
    TIGHTNESS,
    best_beats,
    confidence,
    refined,
    sure_beats,
    track_beats,
)
from beatomizer.inference.engine import Scores
from beatomizer.timebase import FPS
from tests.beat_scores import click_times, f_measure, peaks, song


def times_of(grid):
    return np.array([beat.time_s for beat in grid.beats])


def plain_dp(sharp, period):
    """The same recursion, one frame and one predecessor at a time."""
    nearest, farthest = max(1, int(period.min() / 2)), int(np.ceil(period.max() * 2))
    total, came_from = np.zeros(len(sharp)), np.full(len(sharp), -1)
    for frame in range(len(sharp)):
        best, source = 0.0, -1
        for back in range(nearest, farthest + 1):
            if frame - back < 0:
                break
            gain = total[frame - back] - TIGHTNESS * (np.log(back) - np.log(period[frame])) ** 2
            if gain > best:
                best, source = gain, frame - back
        total[frame], came_from[frame] = sharp[frame] + best, source
    tail = min(len(total), int(period[-1]) + 1)
    frame = len(total) - tail + int(total[-tail:].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(came_from[frame])
    return beats[::-1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(20.0, 60.0), st.integers(30, 500))
def test_block_program_equals_the_obvious_one(seed, period, length):
    chance = np.random.default_rng(seed)
    sharp = chance.random(length) * (chance.random(length) < 0.2) * 4.0
    drifting = period * (1.0 + 0.05 * np.sin(np.arange(length) / 90.0))
    assert best_beats(sharp, drifting).tolist() == plain_dp(sharp, drifting)


@pytest.mark.parametrize("bpm", [62, 75, 90, 100, 113.7, 128, 140, 155, 174, 188])
def test_constant_tempo_with_human_jitter(bpm):
    beats, _, heard = song(bpm, 60.0, jitter_s=0.008)
    grid = track_beats(heard, 60.0)
    tempos = [grid.tempo_bpm * factor for factor in (0.5, 1.0, 2.0)]
    assert min(abs(found - bpm) / bpm for found in tempos) < 0.01
    if abs(grid.tempo_bpm - bpm) / bpm < 0.01:
        assert f_measure(beats, times_of(grid)) > 0.97
    assert sure_beats(grid.beats).mean() > 0.9


@pytest.mark.parametrize("bpm", [80, 95, 110, 120, 128, 140, 150])
def test_no_octave_errors_where_people_agree(bpm):
    beats, _, heard = song(bpm, 60.0)
    grid = track_beats(heard, 60.0)
    assert grid.tempo_bpm == pytest.approx(bpm, rel=0.005)
    assert f_measure(beats, times_of(grid)) > 0.99


@pytest.mark.parametrize("bpm", [68, 84, 160, 176])
def test_kick_and_snare_in_turn_settle_the_octave(bpm):
    beats, _, heard = song(bpm, 60.0)
    grid = track_beats(heard, 60.0)
    assert grid.tempo_bpm == pytest.approx(bpm, rel=0.005)
    assert f_measure(beats, times_of(grid)) > 0.99


def test_a_half_tempo_trap_is_seen_through():
    """Every second beat is much louder, as in a march; kick and snare tell that it is not half as fast."""
    beats, _, heard = song(140, 60.0)
    quieter = heard.beat * (1.0 - 0.5 * (peaks(beats[1::2], 60.0) > 0.1))
    grid = track_beats(replace(heard, beat=quieter.astype(np.float32)), 60.0)
    assert grid.tempo_bpm == pytest.approx(140, rel=0.005)


@pytest.mark.parametrize(("offbeat", "swing"), [(0.9, 0.5), (0.7, 0.66), (0.0, 0.5)])
def test_strong_and_swung_offbeats_do_not_double_the_tempo(offbeat, swing):
    beats, _, heard = song(116, 60.0, offbeat=offbeat, swing=swing)
    grid = track_beats(heard, 60.0)
    assert grid.tempo_bpm == pytest.approx(116, rel=0.01)
    assert f_measure(beats, times_of(grid)) > 0.97


def test_sequenced_music_lands_on_one_exact_grid():
    beats = click_times(127.3, 120.0)
    grid = track_beats(Scores(beat=peaks(beats, 120.0)), 120.0)
    assert grid.constant
    assert grid.tempo_bpm == pytest.approx(127.3, abs=0.03)
    found = times_of(grid)
    assert np.ptp(np.diff(found)) < 1e-9
    nearest = np.abs(found[:, None] - beats[None, :]).min(axis=1)
    assert np.median(nearest) < 0.004  # far finer than a frame


def test_a_grid_survives_a_break_without_beats():
    beats = click_times(120, 90.0)
    played = beats[(beats < 35.0) | (beats > 55.0)]
    grid = track_beats(Scores(beat=peaks(played, 90.0)), 90.0)
    assert f_measure(beats, times_of(grid)) > 0.98
    quiet = [beat.confidence for beat in grid.beats if 40.0 < beat.time_s < 50.0]
    loud = [beat.confidence for beat in grid.beats if 10.0 < beat.time_s < 30.0]
    assert max(quiet) < SURE < min(loud)


def test_drifting_tempo_is_followed():
    intervals = 60.0 / np.linspace(100, 116, 130)
    beats = 0.3 + np.concatenate([[0.0], np.cumsum(intervals)])
    duration_s = float(beats[-1]) + 0.5
    grid = track_beats(Scores(beat=peaks(beats, duration_s)), duration_s)
    assert not grid.constant
    assert f_measure(beats, times_of(grid), 0.04) > 0.95


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("bpm", [88, 132])
@pytest.mark.parametrize("pickup", [0, 1, 2])
def test_bars_have_the_right_length_and_beginning(meter, bpm, pickup):
    _, _, heard = song(bpm, 50.0, meter, noise=0.05)
    cut = round(pickup * 60.0 / bpm * FPS)
    heard = Scores(heard.beat[cut:], heard.downbeat[cut:], onsets=heard.onsets[cut:])
    grid = track_beats(heard, len(heard.beat) / FPS)
    assert grid.meter == meter
    expected = [
        abs((beat.time_s + cut / FPS - 0.2) / (60.0 / bpm) % meter) % meter for beat in grid.beats[2:-2]
    ]
    right = [
        min(abs(place - (beat.position - 1)), meter - abs(place - (beat.position - 1))) < 0.3
        for place, beat in zip(expected, grid.beats[2:-2])
    ]
    assert np.mean(right) > 0.95


def test_bars_without_a_downbeat_score_follow_kick_and_snare():
    _, _, heard = song(120, 60.0)
    kick = heard.onsets[:, 0].copy()
    grid = track_beats(Scores(heard.beat, onsets=heard.onsets), 60.0)
    downbeats = [round(beat.time_s * FPS) for beat in grid.beats if beat.position == 1]
    assert np.mean(kick[downbeats] > 0.5) > 0.9


def test_silence_and_scraps_have_no_beats():
    for length in (0, 1, 30, 59, 600, 7200):
        grid = track_beats(Scores(beat=np.zeros(length, dtype=np.float32)), length / FPS)
        assert grid.beats == ()
        assert grid.tempo_bpm == 0.0


@pytest.mark.parametrize("duration_s", [0.5, 1.2, 3.0])
def test_one_beat_is_no_pulse(duration_s):
    grid = track_beats(Scores(beat=peaks([0.3], duration_s)), duration_s)
    assert grid.tempo_bpm == 0.0
    assert not sure_beats(grid.beats).any()


@pytest.mark.parametrize("seed", range(6))
def test_speech_like_onsets_give_no_sure_beats(seed):
    chance = np.random.default_rng(seed)
    times = np.cumsum(chance.gamma(2.0, 0.13, 400))
    times = times[times < 59.0]
    heard = Scores(beat=peaks(times, 60.0, chance.uniform(0.2, 1.0, len(times))))
    grid = track_beats(heard, 60.0)
    assert sure_beats(grid.beats).mean() < 0.15


def test_noise_gives_no_sure_beats():
    noise = np.random.default_rng(3).random(60 * FPS).astype(np.float32)
    assert sure_beats(track_beats(Scores(beat=noise), 60.0).beats).mean() < 0.1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0, width=32), max_size=400),
    st.sampled_from([1.0, 1e-4, np.nan]),
)
def test_any_scores_give_ordered_beats_inside_the_song(values, scale):
    beat = np.array(values, dtype=np.float32) * np.float32(scale)
    duration_s = max(len(beat) - 0.5, 0.0) / FPS
    grid = track_beats(Scores(beat=beat), duration_s)
    found = times_of(grid)
    assert (np.diff(found) > 0).all()
    assert all(0.0 <= beat.time_s < duration_s for beat in grid.beats)
    assert all(0.0 <= beat.confidence <= 1.0 and 0.0 <= beat.strength <= 1.0 for beat in grid.beats)


def test_times_are_finer_than_frames():
    beats = 0.2 + np.arange(40) * 0.51234
    sharp = tempo.sharpened(peaks(beats, 22.0).astype(np.float64))
    frames = np.round(beats * FPS).astype(np.int64)
    assert np.abs(refined(sharp, frames) - beats).mean() < 0.002


def test_confidence_falls_where_the_music_stops():
    beats = click_times(120, 60.0)
    sharp = tempo.sharpened(peaks(beats[beats < 30], 60.0).astype(np.float64))
    sure = confidence(sharp, tempo.tempo_path(sharp), beats)
    assert sure[beats < 25].min() > SURE > sure[beats > 36].max()


def test_rubato_is_not_taken_for_a_machine():
    chance = np.random.default_rng(1)
    beats = np.cumsum(0.5 * np.exp(0.12 * np.cumsum(chance.normal(0, 0.25, 110))))
    beats = beats[beats < 55]
    sharp = tempo.sharpened(peaks(beats, 56.0).astype(np.float64))
    assert machine_time.steady_rate(sharp, FPS * float(np.median(np.diff(beats)))) is None


def test_an_hour_takes_seconds_and_four_minutes_a_blink():
    _, _, heard = song(126, 240.0)
    track_beats(heard, 240.0)
    start = time.process_time()
    track_beats(heard, 240.0)
    four_minutes = time.process_time() - start
    hour = Scores(np.tile(heard.beat, 15), np.tile(heard.downbeat, 15), onsets=np.tile(heard.onsets, (15, 1)))
    start = time.process_time()
    grid = track_beats(hour, 3600.0)
    assert len(grid.beats) > 7000
    assert four_minutes < 1.0  # measured 0.09 s; the rest is for a loaded machine
    assert time.process_time() - start < 10.0
