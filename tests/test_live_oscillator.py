"""The oscillator keeps the beat, finds it again, and knows when there is none."""

import numpy as np
import pytest

from beatomizer.cues.beat_grid import SURE
from beatomizer.live.bars import BarCounter
from beatomizer.live.beats import BeatFollower
from tests.beat_scores import f_measure
from tests.live_listeners import tempo_rows, told

AHEAD = 3.5


def follow(beat, downbeat=None, tempo=None, late_frames=0):
    """Beats that the follower tells, and the frame at which it told each."""
    follower, beats, when = BeatFollower(AHEAD, late_frames), [], []
    for frame, score in enumerate(beat):
        down = 0.0 if downbeat is None else float(downbeat[frame])
        found = follower.step(frame, float(score), down, None if tempo is None else tempo[frame], None)
        if found is not None:
            beats.append(found)
            when.append(frame)
    return beats, np.array(when)


def times_of(beats):
    return np.array([beat.time_s for beat in beats])


@pytest.mark.parametrize("bpm", [72, 104, 128, 174])
def test_a_steady_beat_is_told_before_it_falls(bpm):
    truth = np.arange(0.4, 24.0, 60 / bpm)
    beats, when = follow(told(truth, 24 * 60, misses=0.1, noise=0.1), tempo=tempo_rows(bpm, 24 * 60))
    times = times_of(beats)
    assert f_measure(truth[truth > 4], times[times > 4]) > 0.97
    ahead = times[times > 4] * 60 - when[times > 4]
    assert ahead.min() > AHEAD - 2.5
    assert ahead.max() <= AHEAD
    error = times[times > 4][:, None] - truth[None]
    assert (
        abs(np.median(error[np.arange(len(error)), np.abs(error).argmin(axis=1)])) < 0.017
    )  # half of it is the score's own tail


def test_a_late_model_is_made_up_for():
    truth = np.arange(0.4, 20.0, 0.5)
    beats, when = follow(told(truth, 20 * 60, late=6), tempo=tempo_rows(120, 20 * 60), late_frames=6)
    times = times_of(beats)
    assert f_measure(truth[truth > 4], times[times > 4], 0.03) > 0.97
    assert (times[times > 4] * 60 - when[times > 4]).min() > 1.0


def test_a_drifting_tempo_is_followed():
    steps = 60 / np.linspace(96, 120, 70)
    truth = 0.5 + np.cumsum(steps)
    count = int(truth[-1] * 60) + 30
    beats, _ = follow(told(truth, count, misses=0.1, noise=0.1))
    times = times_of(beats)
    assert f_measure(truth[truth > 6], times[times > 6]) > 0.95


@pytest.mark.parametrize(("before", "after"), [(120, 128), (90, 140), (174, 120)])
def test_a_mix_is_caught_within_four_bars(before, after):
    first = np.arange(0.4, 20.0, 60 / before)
    second = np.arange(20.21, 40.0, 60 / after)
    tempo = np.concatenate([tempo_rows(before, 1200), tempo_rows(after, 1200)])
    # The tempo head of a causal model needs seconds to notice.
    lagging = np.stack([tempo[max(0, frame - 120) : frame + 1].mean(axis=0) for frame in range(len(tempo))])
    beat = told(np.concatenate([first, second]), 2400, misses=0.1, noise=0.15)
    times = times_of(follow(beat, tempo=lagging)[0])
    four_bars = 20.21 + 16 * 60 / after
    assert f_measure(second[second > four_bars], times[times > four_bars]) > 0.95


def test_a_mix_into_twice_the_tempo_is_caught_within_six_beats():
    first = np.arange(0.4, 20.0, 60 / 90)
    second = np.arange(20.21, 40.0, 60 / 180)
    tempo = np.concatenate([tempo_rows(90, 1200), tempo_rows(180, 1200)])
    lagging = np.stack([tempo[max(0, frame - 60) : frame + 1].mean(axis=0) for frame in range(len(tempo))])
    beat = told(np.concatenate([first, second]), 2400, misses=0.05, noise=0.1)
    times = times_of(follow(beat, tempo=lagging)[0])
    begin, end = 20.21 + 5.5 * 60 / 180, 20.21 + 12.5 * 60 / 180
    assert f_measure(second[(second > begin) & (second < end)], times[(times > begin) & (times < end)]) > 0.9


def test_half_and_double_never_take_turns():
    truth = np.arange(0.4, 30.0, 60 / 150)
    beat = told(truth, 1800, noise=0.1)
    beat[np.round(truth[1::2] * 60).astype(int)] *= 0.45  # every second beat is weak: 75 would do as well
    rows = 0.5 * tempo_rows(150, 1800) + 0.5 * tempo_rows(75, 1800)
    rng = np.random.default_rng(3)
    tilt = np.repeat(rng.random(30), 60)[:, None]
    rows = tilt * tempo_rows(150, 1800) + (1 - tilt) * rows
    steps = np.diff(times_of(follow(beat, tempo=rows)[0]))[8:]
    fast = steps < 0.6
    assert np.count_nonzero(fast[1:] != fast[:-1]) <= 1


def test_noise_and_silence_give_no_sure_beat():
    rng = np.random.default_rng(0)
    chance = np.where(rng.random(1200) < 0.06, rng.random(1200) * 0.35, 0.03 * rng.random(1200))
    for score in (np.zeros(1200), chance):
        beats, _ = follow(score, tempo=tempo_rows(100, 1200, none=0.7))
        late = [beat.confidence for beat in beats if beat.time_s > 5]
        assert max(late, default=0.0) < SURE


def test_confidence_falls_when_the_beat_stops_and_comes_back():
    truth = np.concatenate([np.arange(0.5, 12.0, 0.5), np.arange(22.0, 34.0, 0.5)])
    tempo = np.concatenate([tempo_rows(120, 720), tempo_rows(120, 600, none=0.8), tempo_rows(120, 720)])
    beats, _ = follow(told(truth, 2040), tempo=tempo)
    sure = {beat.time_s: beat.confidence >= SURE for beat in beats}
    assert np.mean([value for time, value in sure.items() if 5 < time < 12]) == 1.0
    assert np.mean([value for time, value in sure.items() if 17 < time < 21.9]) == 0.0
    assert np.mean([value for time, value in sure.items() if 26 < time < 33]) == 1.0


@pytest.mark.parametrize("meter", [3, 4])
def test_bars_are_counted(meter):
    truth = np.arange(0.4, 30.0, 0.5)
    down = told(truth[1::meter], 1800, misses=0.2, seed=1)
    beats, _ = follow(told(truth, 1800), down, tempo_rows(120, 1800))
    late = [beat for beat in beats if beat.time_s > 12]
    right = [(beat.position == 1) == (round((beat.time_s - 0.9) / 0.5) % meter == 0) for beat in late]
    assert np.mean(right) > 0.95


def test_a_bar_that_begins_anew_is_followed():
    counter, seen = BarCounter(), []
    for number in range(80):
        seen.append(counter.next())
        counter.hear(0.9 if (number - 2 * (number >= 40)) % 4 == 0 else 0.05)
    assert seen[20:40:4] == [1] * 5
    assert seen[58:78:4] == [1] * 5
