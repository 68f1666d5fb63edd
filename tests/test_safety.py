"""The safety room's promises: P1 to P8 of the design, the published vectors, and that fast equals slow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from beatomizer.errors import UsageError
from beatomizer.safety import counters as counters_module
from beatomizer.safety import limiter as limiter_module
from beatomizer.safety.budget import Log, all_refused, first_refused, refuses
from beatomizer.safety.judge import StreamingJudge, judge
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.picture import rgb8_of_yuv, yuv_of_rgb8
from beatomizer.safety.profiles import (
    PROFILES,
    Thresholds,
    is_exportable,
    judging_rules,
    limiting_rules,
    profile_named,
)
from tests.safety_adversaries import PATTERNS, Greedy, pattern
from tests.safety_oracle import BLACK, VECTORS, WHITE, square, staircase, violations

NAMES = list(PROFILES)
SEEDS = st.integers(0, 2**32 - 1)
COLORS = arrays(np.uint8, st.tuples(st.integers(1, 200), st.integers(1, 3), st.just(3)))


def stepped(wanted, profile="broadcast", limiter=None):
    limiter = limiter or Limiter(wanted.shape[1], profile)
    return np.stack([limiter.step(frame) for frame in wanted])


def made(seed, zones=None, frames=None):
    rng = np.random.default_rng(seed)
    return pattern(rng, zones or int(rng.integers(1, 4)), frames or int(rng.integers(60, 700)))


def harmless(shown, profile):
    """No rule of the oracle is broken, whether the show begins at once or out of the dark."""
    dark = np.zeros((1, *shown.shape[1:]), dtype=np.uint8)
    return not violations(shown, profile) and not violations(np.concatenate([dark, shown]), profile)


# P1: no violation for any sequence, every profile, adversaries included


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from(NAMES))
def test_nothing_unsafe_comes_out(seed, profile):
    assert harmless(stepped(made(seed), profile), profile)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(COLORS, st.sampled_from(NAMES))
def test_nothing_unsafe_comes_out_of_any_colors(wanted, profile):
    assert harmless(stepped(wanted, profile), profile)


@pytest.mark.parametrize("make", PATTERNS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("zones", [1, 8])
def test_nothing_unsafe_comes_out_of_each_adversary(make, zones):
    wanted = np.clip(make(np.random.default_rng(5), zones, 900), 0, 255).astype(np.uint8)
    assert harmless(stepped(wanted), "broadcast")


@pytest.mark.parametrize("seed", range(6))
def test_nothing_unsafe_comes_out_of_an_adversary_that_watches(seed):
    rng = np.random.default_rng(seed)
    zones = 1 + seed % 3
    limiter, greedy, shown = Limiter(zones), Greedy(rng, zones), [np.zeros((zones, 3), dtype=np.uint8)]
    for _ in range(900):
        shown.append(limiter.step(greedy.wanted(shown[-1])))
    assert harmless(np.stack(shown), "broadcast")
    assert np.abs(np.diff(np.stack(shown).astype(int), axis=0)).max() > 40  # it is no still picture


@pytest.mark.parametrize("profile", NAMES)
def test_the_first_red_change_may_be_a_rise_and_a_fall(profile):
    """From blue it rises, from the pink before it falls: whichever a judge takes, the next one is its opposite."""
    colors = [(200, 90, 90), (0, 0, 255), (80, 0, 0), (200, 90, 90), (80, 0, 0), (255, 128, 0), (40, 0, 0)]
    wanted = np.repeat(np.array([*colors, *colors], dtype=np.uint8)[:, None], 7, axis=0)
    assert harmless(stepped(wanted, profile), profile)


# P2 idempotent, P3 identity, P4 causal, P5 state


@settings(max_examples=40, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from(NAMES))
def test_limiting_twice_changes_nothing(seed, profile):
    once = stepped(made(seed), profile)
    assert np.array_equal(stepped(once, profile), once)


def slow_fade():
    level = np.round(127 - 127 * np.cos(np.arange(900) / 60)).astype(np.uint8)
    return np.repeat(level[:, None, None], 3, axis=2)


@pytest.mark.parametrize(
    "safe",
    [
        square(20, BLACK, WHITE),
        square(2, BLACK, (79,) * 3),
        square(8, (0, 110, 0), (190, 0, 190)),
        square(30, BLACK, (255, 0, 0)),
        slow_fade(),
    ],
    ids=["1.5 Hz", "grey 79", "isoluminant", "red 1 Hz", "fade"],
)
def test_safe_light_passes_untouched(safe):
    assert np.array_equal(stepped(safe), safe)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(SEEDS, st.integers(1, 400))
def test_output_of_a_prefix_is_prefix_of_the_output(seed, cut):
    wanted = made(seed)
    assert np.array_equal(stepped(wanted)[:cut], stepped(wanted[:cut]))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(SEEDS)
def test_songs_seeks_and_pauses_do_not_reset_the_count(seed):
    rng = np.random.default_rng(seed)
    limiter = Limiter(2)
    pieces = [
        stepped(made(rng.integers(2**32), 2, int(rng.integers(1, 80))), limiter=limiter) for _ in range(8)
    ]
    pause = stepped(np.zeros((int(rng.integers(1, 30)), 2, 3), dtype=np.uint8), limiter=limiter)
    assert harmless(np.concatenate([*pieces, pause]), "broadcast")


def test_blackout_comes_at_once_from_a_steady_light():
    limiter = Limiter(8)
    white = np.full((8, 3), 255, dtype=np.uint8)
    for _ in range(100):
        limiter.step(white)
    assert limiter.step(np.zeros((8, 3), dtype=np.uint8)).max() == 0


def test_what_starts_may_end():
    """A flash that was let up comes down again as soon as it is asked to."""
    wanted, shown = square(5, BLACK, WHITE), stepped(square(5, BLACK, WHITE))
    full = (shown == 255).all(axis=(1, 2))
    ends = np.flatnonzero(full[:-1] & (wanted[1:] == 0).all(axis=(1, 2)))
    assert len(ends) >= 10
    assert (shown[ends + 1] == 0).all()


# P6: the vectors


RULE_OF = {"luminance": "luminance", "redness": "red", "chromaticity": "red chromaticity"}


@pytest.mark.parametrize(("name", "rgb8", "breaks", "keeps"), VECTORS, ids=[vector[0] for vector in VECTORS])
def test_the_judge_knows_the_published_vectors(name, rgb8, breaks, keeps):
    verdict = judge(rgb8)
    broken = {rule for rule, where in verdict.broken.items() if where.any()}
    suffix = {"second": "", "lasting": " (lasting)"}
    assert {RULE_OF[rule] + suffix[kind] for rule, kind in breaks} <= broken
    assert not {RULE_OF[rule] + suffix[kind] for rule, kind in keeps} & broken
    assert verdict.ok == (not broken)


@pytest.mark.parametrize(("half", "count"), [(10, 6), (9, 7), (15, 4), (20, 3), (2, 30)])
def test_transitions_a_second(half, count):
    assert judge(square(half, BLACK, WHITE)).counts["luminance"].max() == count


def test_runs_see_rises_that_peaks_do_not():
    steps = np.array([0, 90, 85, 130, 125, 160, 155, 185, 180, 205, 200, 225, 220, 245, 244], dtype=np.uint8)
    verdict = judge(np.repeat(np.repeat(steps, 2)[:, None, None], 3, axis=2))
    assert verdict.counts["luminance"].max() == 1
    assert verdict.counts["luminance runs"].max() >= 6


def test_rooms_count_smaller_changes():
    dim = square(2, BLACK, (60,) * 3)
    assert judge(dim).ok
    assert not judge(dim, PROFILES["broadcast"].for_rooms()).ok
    rules = judging_rules(PROFILES["broadcast"].for_rooms()).members[0]
    assert (rules.luminance, rules.dark) == pytest.approx((0.02, 0.16))


@given(st.floats(0, 1), st.floats(0, 1))
def test_levels_are_the_formula_of_bt1702(one, other):
    low, high = sorted((one, other))
    counts = high - low >= 0.1 if low < 0.8 else (high - low) / (high + low) >= 1 / 17
    near = abs(high - low - 0.1) < 1e-9 or (low >= 0.8 and abs((high - low) / (high + low) - 1 / 17) < 1e-9)
    assert near or (high >= Thresholds().rising_level(low)) == counts
    assert near or low > 0.8 or (low <= Thresholds().falling_level(high)) == counts


# P7: other frame rates and lost frames


def alternations(shown):
    """Broken rules of the judges that count opposing changes only: what a light that skips frames can be held to."""
    return {(rule, kind) for _, rule, kind in violations(shown) if rule not in ("runs", "peaks")}


LIGHTING = [make for make in PATTERNS if make.__name__ not in ("random_colors", "staircases")]
"""Adversaries whose colours last: a light that misses single frames of noise sees another noise, docs/safety.md."""


def lasting(seed):
    rng = np.random.default_rng(seed)
    zones = int(rng.integers(1, 4))
    return np.clip(LIGHTING[rng.integers(len(LIGHTING))](rng, zones, 500), 0, 255).astype(np.uint8)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from([44, 30, 25]))
def test_slower_lights_stay_safe(seed, rate):
    shown = stepped(lasting(seed))
    ticks = (np.arange(len(shown) * rate // 60) * 60) // rate
    seen = shown[ticks]
    assert not alternations(seen[np.minimum((np.arange(len(seen) * 60 // rate) * rate) // 60, len(seen) - 1)])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(SEEDS)
def test_lost_frames_stay_safe(seed):
    """A light that misses a fifth of the frames holds the one before."""
    rng = np.random.default_rng(seed)
    shown = stepped(lasting(seed))
    arrives = rng.random(len(shown)) < 0.8
    arrives[0] = True
    assert not alternations(shown[np.maximum.accumulate(np.where(arrives, np.arange(len(shown)), 0))])


@settings(max_examples=20, deadline=None, derandomize=True)
@given(SEEDS)
def test_repeated_frames_stay_safe(seed):
    rng = np.random.default_rng(seed)
    shown = stepped(made(seed))
    assert not alternations(np.repeat(shown, rng.integers(1, 3, len(shown)), axis=0))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(SEEDS)
def test_what_a_video_stores_stays_safe(seed):
    """Flat fields through 8-bit BT.709: the committee's margins cover the rounding of luminance."""
    shown = stepped(made(seed, zones=1))
    assert not {rule for rule, _ in alternations(rgb8_of_yuv(*yuv_of_rgb8(shown)))} & {"luminance", "redness"}


# P8: every judge is needed


def lenient(monkeypatch, detector):
    monkeypatch.setattr(detector, "event", lambda self, light: 0)


def climbing():
    """Seven rises with tiny dips within a second, then a slow fall: one change for peaks, seven for runs."""
    up = [
        0.0,
        0.11,
        0.10,
        0.22,
        0.21,
        0.33,
        0.32,
        0.44,
        0.43,
        0.55,
        0.54,
        0.66,
        0.65,
        0.77,
        0.76,
        0.88,
        0.87,
        0.99,
    ]
    levels = np.repeat(up, 3)
    grey = np.round(255 * np.interp(levels, [(v / 255) ** 2.2 for v in range(256)], np.arange(256) / 255))
    return np.repeat(grey.astype(np.uint8)[:, None, None], 3, axis=2)


MUTANTS = {
    "Zigzag": staircase(),
    "Runs": climbing(),
    "RedSwing": square(8, (40, 0, 0), (110, 0, 0)),
    "RedHue": square(8, (0, 0, 40), (40, 0, 0)),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_without_a_judge_the_oracle_finds_a_violation(monkeypatch, name):
    wanted = MUTANTS[name]
    assert harmless(stepped(wanted), "broadcast")
    lenient(monkeypatch, getattr(counters_module, name))
    assert violations(stepped(wanted))


@pytest.mark.parametrize(
    "change",
    [
        {"window_frames": 40},
        {"transitions": 8},
        {"extended": None},
        {"members": (Thresholds(0.3, 0.8, 90.0, 0.95, 0.6),)},
    ],
    ids=["short window", "large budget", "no extended rule", "blunt thresholds"],
)
def test_with_a_wrong_rule_the_oracle_finds_a_violation(monkeypatch, change):
    from dataclasses import replace

    monkeypatch.setattr(
        limiter_module, "limiting_rules", lambda profile: replace(limiting_rules(profile), **change)
    )
    found = [violations(stepped(square(half, BLACK, WHITE))) for half in (3, 8, 9, 15)]
    assert any(found)


def test_without_the_stage_the_oracle_finds_a_violation(monkeypatch):
    sparse = np.zeros((600, 4, 3), dtype=np.uint8)
    for zone in range(4):  # each zone flashes once in four: within its own budget, the stage is not
        sparse[:, zone] = np.where(((np.arange(600) // 9) % 8 == 2 * zone)[:, None], 255, 0)
    assert harmless(stepped(sparse), "broadcast")
    limiter = Limiter(4)
    limiter._stage = None
    assert violations(stepped(sparse, limiter=limiter))


# Fast equals slow


@settings(max_examples=50, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from(NAMES))
def test_whole_blocks_and_single_frames_agree(seed, profile):
    wanted = made(seed)
    limiter = Limiter(wanted.shape[1], profile)
    assert np.array_equal(limiter.run(wanted), stepped(wanted, profile))
    assert limiter.frame == len(wanted)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(SEEDS, st.lists(st.integers(1, 150), min_size=1, max_size=6))
def test_blocks_of_any_size_leave_the_same_state(seed, sizes):
    wanted = made(seed, 2, 400)
    limiter, pieces, start = Limiter(2), [], 0
    while start < len(wanted):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(limiter.run(wanted[start : start + size]))
        start += size
    assert np.array_equal(np.concatenate(pieces), stepped(wanted))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from(NAMES))
def test_what_the_fast_path_passes_the_limiter_leaves_alone(seed, profile):
    wanted = made(seed)
    passes = Limiter(wanted.shape[1], profile).accepts(wanted)
    assert passes == np.array_equal(stepped(wanted, profile), wanted)
    shown = stepped(wanted, profile)
    assert Limiter(wanted.shape[1], profile).accepts(shown)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from(NAMES))
def test_batch_and_streaming_judge_agree_frame_for_frame(seed, profile):
    rgb8 = made(seed)
    streaming, failures = StreamingJudge(rgb8.shape[1], profile), []
    verdict = judge(rgb8, profile)
    for frame, colors in enumerate(rgb8):
        failures += streaming.step(colors)
        for region in range(rgb8.shape[1]):
            assert streaming.counts(region) == {
                name: int(c[frame, region]) for name, c in verdict.counts.items()
            }
    assert sorted(failures) == verdict.failures


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20), st.booleans()), max_size=60),
    st.sampled_from(NAMES),
)
def test_the_vectorised_budget_is_the_plain_one(gaps, profile):
    rules = limiting_rules(PROFILES[profile])
    log, frame = Log(), 0
    for gap, rest, _ in gaps:
        log.add(frame + gap)
        log.peaks[-1] = frame + gap + min(rest, gap - 1)
        frame += gap + min(rest, gap - 1)
    rises = [rising for *_, rising in gaps]
    plain = [refuses(log, rules, log.crossings[i], rises[i], i) for i in range(len(rises))]
    if rises:
        assert all_refused(log, rules, rises).tolist() == plain
    first = next((log.crossings[i] for i, refused in enumerate(plain) if refused), None)
    assert first_refused(log, rules, rises) == first


# Profiles


def test_profiles():
    assert NAMES == ["broadcast", "strict", "venue", "calm"]
    assert [name for name in NAMES if is_exportable(name)] == ["broadcast", "strict", "calm"]
    assert "off" not in NAMES
    with pytest.raises(UsageError, match="broadcast, strict, venue, calm"):
        profile_named("off")


@pytest.mark.parametrize(
    ("profile", "peak"), [("broadcast", 3.0), ("strict", 1.5), ("venue", 4.0), ("calm", 0.5)]
)
def test_strobes_come_out_at_the_profile_s_rate(profile, peak):
    verdict = judge(stepped(square(4, BLACK, WHITE, 900), profile), profile)
    assert verdict.ok
    assert 0.5 <= verdict.peak_flashes_per_s <= peak


def test_the_limiter_wants_frames_of_its_own_shape():
    with pytest.raises(ValueError, match="expected uint8"):
        Limiter(2).step(np.zeros((3, 3), dtype=np.uint8))
