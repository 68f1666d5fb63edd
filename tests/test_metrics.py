"""Metrics against numbers that are known from elsewhere: worked examples, published facts, slow twins."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mir_eval.util import match_events

from beatomizer.color import linear_to_srgb, oklch_to_linear, srgb_to_linear
from beatomizer.metrics import belonging, colour, divergence, diversity, paper, structure, sync, system
from beatomizer.metrics.case import Case
from beatomizer.metrics.combined import AUC, auc_merit, combined_score, hits
from beatomizer.metrics.interval import mean_interval, ratio_interval
from beatomizer.metrics.light import Light
from beatomizer.metrics.series import moving_mean, peaks, pearson
from beatomizer.metrics.song import Part
from beatomizer.metrics.table import METRICS, metric_named
from beatomizer.timebase import FPS
from tests.made_cases import made_light, made_song, perfect_case


def hsv(hue, saturation=1.0):
    """SRGB-encoded colours of full value; hue in turns."""
    hue, saturation = np.broadcast_arrays(hue, saturation)
    place = (np.array([5.0, 3.0, 1.0]) + hue[:, None] * 6.0) % 6.0
    return 1.0 - saturation[:, None] * np.clip(np.minimum(place, 4.0 - place), 0.0, 1.0)


def light_of_srgb(srgb):
    return Light(srgb_to_linear(np.asarray(srgb, dtype=np.float64))[:, None])


def all_seen(light):
    return np.ones(light.frames, dtype=bool)


# What cosine cannot see


@pytest.fixture(scope="module")
def hues():
    return np.random.default_rng(1).random(200_000)


def test_grey_scores_0_748_against_saturated_hues_in_srgb_numbers(hues):
    target = light_of_srgb(hsv(hues))
    assert paper.grey_cosine(target, all_seen(target)) == pytest.approx(0.748, abs=5e-4)
    # Exactly: the mean of (1 + x) / sqrt(3 (1 + x²)) over 0..1, one edge of the hexagon of hues.
    assert (np.arcsinh(1) + np.sqrt(2) - 1) / np.sqrt(3) == pytest.approx(0.748, abs=1e-4)


def test_the_known_figure_is_of_srgb_numbers_not_of_linear_light(hues):
    linear = srgb_to_linear(hsv(hues))
    assert paper.cosines(np.ones_like(linear), linear).mean() == pytest.approx(0.692, abs=1e-3)


def test_a_random_hue_scores_0_56(hues):
    target = light_of_srgb(hsv(hues))
    guess = light_of_srgb(hsv(np.random.default_rng(2).random(len(hues))))
    assert paper.cosine(target, guess, all_seen(target)) == pytest.approx(0.5595, abs=2e-3)


def test_grey_scores_0_991_against_washed_out_targets(hues):
    pale = light_of_srgb(hsv(hues, np.random.default_rng(3).uniform(0.1, 0.4, len(hues))))
    assert paper.grey_cosine(pale, all_seen(pale)) == pytest.approx(0.991, abs=5e-4)


def test_black_against_a_lit_label_counts_nothing_and_dark_label_frames_do_not_count():
    label = light_of_srgb([[1, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert paper.cosine(label, light_of_srgb([[1, 0, 0], [0, 0, 0], [1, 1, 1]]), all_seen(label)) == 0.5


def test_cut_frames_are_left_out():
    label = light_of_srgb([[1, 0, 0], [0, 1, 0]])
    assert paper.cosine(label, light_of_srgb([[1, 0, 0], [1, 0, 0]]), np.array([True, False])) == 1.0


def test_skill():
    assert paper.skill(0.1, 0.2) == 0.5
    assert paper.skill(0.2, 0.2) == 0.0
    assert paper.skill(0.4, 0.2) == -1.0
    assert np.isnan(paper.skill(0.0, 0.0))


# Skip-BART's


def test_hue_runs_from_0_to_180_the_short_way_round():
    srgb = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [0.3, 0.3, 0.3]])
    assert paper.hsv_hue(srgb) == pytest.approx([0, 30, 60, 90, 120, 150, 0])
    assert paper.circular_distance(np.array([2.0]), np.array([178.0])) == pytest.approx([4.0])
    assert paper.circular_distance(np.array([0.0]), np.array([90.0])) == pytest.approx([90.0])


def test_value_runs_from_0_to_255_and_errors_are_means():
    label, light = light_of_srgb([[1, 0, 0], [0, 1, 0]]), light_of_srgb([[0.5, 0, 0], [0, 0, 1]])
    seen = all_seen(label)
    assert paper.value_error(label, light, seen) == pytest.approx(127.5 / 2)
    assert paper.value_rms_error(label, light, seen) == pytest.approx(127.5 / np.sqrt(2))
    assert paper.hue_error(label, light, seen) == pytest.approx(30.0)
    assert paper.hue_rms_error(label, light, seen) == pytest.approx(60.0 / np.sqrt(2))


def test_change_correlation_is_100_times_pearson_of_the_sizes_of_steps():
    rng = np.random.default_rng(5)
    one, other = rng.random((50, 1)) * [1, 0.5, 0.2], rng.random((50, 1)) * [1, 0.5, 0.2]
    steps = [np.abs(np.diff(np.round(x.max(axis=1) * 255.0, 9))) for x in (one, other)]
    wanted = 100 * np.corrcoef(*steps)[0, 1]
    label = light_of_srgb(one)
    assert paper.value_change_r(label, light_of_srgb(other), all_seen(label)) == pytest.approx(
        wanted, abs=1e-6
    )


# Sync


def flashes(times_s, seconds=30, colour=(1.0, 1.0, 1.0), fall_s=0.12):
    """A flash at each time, dark between."""
    time_s = np.arange(seconds * FPS) / FPS
    level = np.zeros(len(time_s))
    for moment in times_s:
        since = time_s - moment
        level = np.maximum(level, np.where(since >= 0, np.exp(-np.maximum(since, 0) / fall_s), 0.0))
    return Light(level[:, None, None] * np.array(colour))


@pytest.mark.parametrize("colour", [(1, 1, 1), (1, 0, 0), (0, 0, 1), (0.02, 0.02, 0.02)], ids=str)
def test_each_flash_is_one_event_at_its_first_frame(colour):
    times = np.arange(0.5, 29.0, 0.75)
    assert sync.light_events(flashes(times, colour=colour)) == pytest.approx(times, abs=1.5 / FPS)


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_events_do_not_depend_on_the_cameras_rate(fps):
    times = np.arange(0.5, 29.0, 0.75)
    full = flashes(times, fall_s=0.3).linear
    filmed = np.floor(np.floor(np.arange(len(full)) * fps / 60 + 1e-9) * 60 / fps).astype(int)
    events = sync.light_events(Light(full[filmed]))
    assert len(events) == len(times)
    assert sync.nearest(events, times).max() < 0.06


def test_a_change_of_hue_at_equal_luminance_is_an_event():
    hue = np.where(np.arange(600) // 60 % 2, 0.5, 3.6)
    colours = oklch_to_linear(np.stack([np.full(600, 0.7), np.full(600, 0.12), hue], axis=1))
    assert sync.light_events(Light(colours[:, None])) == pytest.approx(np.arange(1, 10), abs=1e-9)


def test_a_flash_on_each_beat_is_far_above_chance_and_random_flashes_are_not():
    beats = np.arange(0.25, 30.0, 0.5)
    assert sync.light_beat_f1(beats, flashes(beats)) > 0.6
    scores = []
    for seed in range(20):
        times = np.sort(np.random.default_rng(seed).uniform(0, 29.5, 60))
        scores.append(sync.light_beat_f1(beats, flashes(times, fall_s=0.05)))
    assert np.mean(scores) == pytest.approx(0.0, abs=0.05)


def test_more_random_events_do_not_score():
    beats = np.arange(0.25, 30.0, 0.5)
    for rate in (1, 3, 6):
        times = np.sort(np.random.default_rng(rate).uniform(0, 29.5, 30 * rate))
        assert abs(sync.light_beat_f1(beats, flashes(times, fall_s=0.03))) < 0.15


def test_chance_is_what_it_says():
    beats = np.arange(0.25, 15.0, 0.5)
    rng = np.random.default_rng(9)
    slow = []
    for _ in range(400):
        gaps = np.sort(rng.uniform(0, 15.0 - 19 * 0.1, 20)) + 0.1 * np.arange(20)
        slow.append(2 * len(match_events(beats, gaps, 0.07)) / (len(beats) + 20))
    assert sync.chance_f1(beats, 20, 15.0) == pytest.approx(np.mean(slow), abs=0.04)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), beats=st.integers(0, 30), events=st.integers(0, 30))
def test_greedy_matching_is_the_best_matching(seed, beats, events):
    rng = np.random.default_rng(seed)
    one, other = (np.sort(rng.uniform(0, 3, count)) for count in (beats, events))
    assert sync.matched(one, other) == len(match_events(one, other, sync.TOLERANCE_S))


@pytest.mark.parametrize("late", [-12, -3, -1, 0, 2, 6, 14])
def test_the_lag_is_the_shift(late):
    beats = np.arange(1, 29) + np.random.default_rng(0).uniform(-0.2, 0.2, 28)
    frames = np.round(beats * FPS).astype(int)
    onset = np.zeros(30 * FPS)
    onset[frames] = 1.0
    lag = sync.lag_ms(onset, flashes((frames + late) / FPS))
    assert lag == pytest.approx(1000 * late / FPS, abs=3.0)
    wanted = max(-40 - lag, lag - 10, 0.0)
    assert sync.lag_error_ms(onset, flashes((frames + late) / FPS)) == pytest.approx(wanted)


def test_beat_alignment_by_hand():
    light = flashes([1.0, 2.05])
    events = sync.light_events(light)
    assert len(events) == 2
    beats = np.array([1.0, 2.0, 5.0])
    gaussian = lambda d: np.exp(-(d**2) / (2 * 0.05**2))  # noqa: E731
    wanted = np.mean([gaussian(np.abs(beats - e).min()) for e in events])
    assert sync.bas_precision(beats, light) == pytest.approx(wanted)
    wanted = np.mean([gaussian(np.abs(events - b).min()) for b in beats])
    assert sync.bas_recall(beats, light) == pytest.approx(wanted)


# Curves


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), frames=st.integers(1, 60))
def test_peaks_stand_out_by_their_prominence(seed, frames):
    curve = np.round(np.random.default_rng(seed).random(frames), 1)
    for frame in peaks(curve, 0.3, 1).tolist():
        sides = []
        for side in (curve[:frame][::-1], curve[frame + 1 :]):
            lowest = curve[frame]
            for value in side:
                if value > curve[frame]:
                    break
                lowest = min(lowest, value)
            sides.append(lowest if len(side) else -np.inf)
        assert curve[frame] - max(sides) >= 0.3 - 1e-12


def test_peaks_by_hand():
    curve = np.array([0, 1, 0, 0.2, 0, 0.5, 0.5, 0.5, 0, 0.9, 0.85, 0.95, 0])
    assert peaks(curve, 0.1, 1).tolist() == [1, 3, 6, 11]
    assert peaks(curve, 0.3, 1).tolist() == [1, 6, 11]
    assert peaks(curve, 0.1, 4).tolist() == [1, 6, 11]
    assert peaks(np.full(9, 0.5), 0.1, 1).tolist() == []
    assert len(peaks(np.zeros(0), 0.1, 1)) == 0


def test_pearson_and_moving_mean():
    rng = np.random.default_rng(0)
    one, other = rng.random(50), rng.random(50)
    assert pearson(one, other) == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert pearson(one, np.full(50, 0.1)) == 0.0
    assert moving_mean(one, 7) == pytest.approx(np.convolve(one, np.ones(7) / 7, "valid"))


# Structure


def test_the_checkerboard_is_the_obvious_one():
    matrix = np.random.default_rng(0).random((20, 20))
    matrix = matrix + matrix.T
    padded = np.pad(matrix, structure.KERNEL_STEPS, mode="edge")
    half = structure.KERNEL_STEPS
    slow = []
    for edge in range(1, 20):
        total = 0.0
        for i in range(-half, half):
            for j in range(-half, half):
                taper = np.exp(-0.5 * (((i + 0.5) ** 2 + (j + 0.5) ** 2) / (half / 2) ** 2))
                sign = 1.0 if (i < 0) == (j < 0) else -1.0
                total += sign * taper * padded[half + edge + i, half + edge + j]
        slow.append(total)
    assert structure.checkerboard(matrix) == pytest.approx(slow)


def test_repetition_is_one_when_only_repeats_share_colours():
    parts = tuple(Part(4.0 * i, 4.0 * i + 4.0, letter) for i, letter in enumerate("ABAB"))
    place = np.arange(16 * FPS) // (4 * FPS)
    own = Light(np.array([[1.0, 0, 0], [0, 0, 1.0]])[place % 2][:, None])
    crossed = Light(np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 0, 1.0], [0, 0, 1.0]])[place][:, None])
    assert structure.repetition(parts, own) == pytest.approx(1.0)
    assert structure.repetition(parts, crossed) < 0.0
    assert np.isnan(structure.repetition(parts[:2], own))


def test_drop_response_and_pull_back_by_hand():
    level = np.full(20 * FPS, 0.3)
    level[8 * FPS : 10 * FPS] = 0.1
    level[10 * FPS :] = 0.9
    light = Light(np.repeat(level[:, None, None], 3, axis=2))
    drops, bars = np.array([10.0]), np.arange(0.0, 20.0, 2.0)
    assert structure.drop_response(drops, light) == pytest.approx((0.9 - 0.2) / (0.9 + 0.2))
    assert structure.pull_back(drops, bars, light) == pytest.approx((0.3 - 0.1) / (0.3 + 0.1))
    assert np.isnan(structure.drop_response(np.array([19.5]), light))


# Colour


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_equal_hues_count_each(count):
    angles = 0.13 + np.arange(count) * 2 * np.pi / count
    colours = oklch_to_linear(np.stack([np.full(count, 0.6), np.full(count, 0.08), angles], axis=1))
    light = Light(np.tile(colours, (60, 1))[:, None])
    assert colour.effective_hues(light) == pytest.approx(count, abs=0.01)


def test_grey_share_counts_lit_frames_only():
    linear = np.zeros((8, 1, 3))
    linear[0:2] = 1.0
    linear[2:4, :, 0] = 1.0
    assert colour.grey_share(Light(linear)) == 0.5


def test_pure_blue_is_lit():
    linear = np.zeros((8, 1, 3))
    linear[..., 2] = 0.5
    assert Light(linear).lit.all()
    assert colour.commitment(Light(linear)) > 0.3


def test_dwell_is_the_median_time_between_turns():
    hue = np.repeat([0.2, 2.0, 0.2, 2.0], [60, 120, 240, 120])
    colours = oklch_to_linear(np.stack([np.full(540, 0.6), np.full(540, 0.1), hue], axis=1))
    assert colour.dwell_s(Light(colours[:, None])) == pytest.approx(2.0)


# Between shows


def test_jensen_shannon_by_hand():
    assert divergence.jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0
    assert divergence.jensen_shannon(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0.0
    assert divergence.jensen_shannon(np.zeros(2), np.array([0.5, 0.5])) == 1.0
    assert divergence.jensen_shannon(np.zeros(2), np.zeros(2)) == 0.0


def slow_dtw(one, other):
    cost = np.full((len(one) + 1, len(other) + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(len(one)):
        for j in range(len(other)):
            cheapest = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
            cost[i + 1, j + 1] = abs(one[i] - other[j]) + cheapest
    return cost[-1, -1] / len(one)


def test_warped_distance_is_dynamic_time_warping():
    rng = np.random.default_rng(0)
    first, second = rng.random((6, 15)), rng.random((6, 15))
    wanted = [slow_dtw(a, b) for a, b in zip(first, second)]
    assert divergence.warped_distance(first, second) == pytest.approx(wanted)
    assert divergence.warped_distance(first, first) == pytest.approx(np.zeros(6))


def test_the_same_show_for_every_song_has_no_diversity():
    shows = [diversity.outline(Light(made_light()))] * 3
    assert diversity.hue_diversity([hues for hues, _ in shows]) == pytest.approx(0.0, abs=1e-12)
    assert diversity.intensity_diversity([curve for _, curve in shows]) == 0.0
    others = [*shows, diversity.outline(Light(made_light("other")))]
    assert diversity.hue_diversity([hues for hues, _ in others]) > 0.1
    assert np.isnan(diversity.hue_diversity([]))


def test_many_shows_are_compared_in_drawn_pairs():
    assert diversity.chosen_pairs(5) == list(combinations(range(5), 2))
    drawn = diversity.chosen_pairs(1000)
    assert len(drawn) == diversity.MOST_PAIRS
    assert all(a != b and 0 <= a < 1000 and 0 <= b < 1000 for a, b in drawn)


def test_belonging():
    assert belonging.gap(0.8, [0.2, 0.4]) == pytest.approx(0.5)
    assert belonging.win_share(0.8, [0.2, 0.9, 0.8, 0.1]) == pytest.approx(2.5 / 4)
    assert np.isnan(belonging.gap(np.nan, [0.2]))
    assert np.isnan(belonging.win_share(0.5, [np.nan]))
    assert belonging.togetherness([0.5, np.nan, 0.1]) == pytest.approx(0.3)


def test_system_numbers():
    assert system.times_real_time(600, 0.1) == pytest.approx(100.0)
    assert system.ms_per_frame(600, 0.6) == pytest.approx(1.0)
    assert system.ms_percentiles(np.array([0.001] * 99 + [0.1]))[0] == pytest.approx(1.0)


# Intervals and the combined score


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(80):
        values = rng.normal(0.3, 1.0, 40)
        interval = mean_interval(values, [str(n) for n in range(40)], seed=trial)
        held += interval.low <= 0.3 <= interval.high
    assert 68 <= held <= 79


def test_clips_of_one_take_do_not_make_an_interval_narrower():
    values = np.random.default_rng(0).normal(0, 1, 20)
    takes = [str(n) for n in range(20)]
    one = mean_interval(values, takes)
    four = mean_interval(np.repeat(values, 4), np.repeat(takes, 4).tolist())
    assert (four.low, four.high) == pytest.approx((one.low, one.high))
    assert four.count == 80


def test_an_interval_is_the_same_for_the_same_seed_and_leaves_nan_out():
    values = np.array([1.0, np.nan, 3.0, 2.0])
    one = mean_interval(values, list("abcd"), seed=4)
    assert one == mean_interval(values, list("abcd"), seed=4)
    assert one.mean == 2.0
    assert one.count == 3
    alone = mean_interval(values, list("aaaa"))
    assert alone.mean == 2.0
    assert np.isnan(alone.low)
    assert mean_interval(np.full(3, np.nan), list("abc")).count == 0


def test_ratio_of_sums():
    ratio = ratio_interval(np.array([1.0, 2.0]), np.array([2.0, 4.0]), ["a", "b"])
    assert (ratio.mean, ratio.low, ratio.high) == (0.5, 0.5, 0.5)


def means(**changes):
    case = perfect_case()
    values = {m.name: m.function(*[getattr(case, n) for n in m.needs]) for m in METRICS if m.combined}
    return {**values, AUC: 1.0, **changes}


def test_the_teacher_scores_one_and_nobody_scores_more():
    assert combined_score(means(), means())[0] == pytest.approx(1.0)
    assert combined_score(means(commitment=0.33, light_beat_f1=1.0), means())[0] == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["light_beat_f1", "onset_r", "commitment", "section_f_3s"])
def test_one_zero_makes_all_zero(name):
    score, ratios = combined_score(means(**{name: 0.0}), means())
    assert score == 0.0
    assert ratios[name] == 0.0


def test_the_show_of_another_song_scores_nothing():
    assert combined_score(means(auc=0.5), means())[0] == 0.0
    assert auc_merit(0.4) == 0.0
    assert auc_merit(0.75) == 0.5


def test_what_does_not_apply_is_left_out():
    score, ratios = combined_score(means(section_f_3s=np.nan), means())
    assert score == pytest.approx(1.0)
    assert "section_f_3s" not in ratios
    assert np.isnan(combined_score({}, means())[0])


def test_targets():
    assert hits(metric_named("grey_share"), 0.05)
    assert not hits(metric_named("grey_share"), 0.06)
    assert hits(metric_named("effective_hues"), 6.0)
    assert not hits(metric_named("effective_hues"), 7.0)
    assert hits(metric_named("cosine"), 1.0) is None
    assert hits(metric_named("grey_share"), np.nan) is None


# What is refused


def test_light_and_cases_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="T, Z, 3"):
        Light(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="frames"):
        Case(made_song(), Light(np.zeros((5, 1, 3))))
    with pytest.raises(ValueError, match="frames"):
        replace(perfect_case(), label=Light(np.zeros((5, 1, 3))))


def test_srgb_of_a_stage_is_the_mean_of_its_zones():
    linear = srgb_to_linear(np.array([[[1.0, 0, 0], [0, 0, 1.0]]]))
    assert Light(linear).srgb == pytest.approx(np.array([[0.5, 0.0, 0.5]]))
    assert linear_to_srgb(linear) == pytest.approx(np.array([[[1.0, 0, 0], [0, 0, 1.0]]]))
