"""The player's clock and deadlines: an hour is simulated in a moment."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.player.clock import Anchor, SlowClock, SteadyTransport
from beatomizer.player.pace import Credit, Pace


def simulated_hour(ppm: float, seed: int, block_s: float = 0.0427, jitter_s: float = 0.008) -> np.ndarray:
    """Sound–light error at random moments of an hour: a card off by ``ppm``, reports that come late by chance."""
    rng = np.random.default_rng(seed)
    clock, now_s, errors = SlowClock(), 1000.0, []
    rate = 1.0 + ppm * 1e-6
    blocks = int(3600 / block_s)
    late = rng.exponential(jitter_s / 3, blocks).clip(0, 4 * jitter_s)
    for number in range(blocks):
        true_s = number * block_s
        now_s = 1000.0 + true_s / rate
        clock.observe(now_s + late[number], true_s)
        if number % 47 == 0 and number > 200:
            line = clock.line
            assert line is not None
            ahead_s = rng.uniform(0.0, 0.02)
            errors.append(line.position(now_s + ahead_s) - (true_s + rate * ahead_s))
    return np.array(errors)


@pytest.mark.parametrize("ppm", [-300.0, 0.0, 300.0])
def test_sound_and_light_stay_together_for_an_hour(ppm: float) -> None:
    errors = simulated_hour(ppm, seed=int(abs(ppm)))
    assert np.abs(errors).max() < 0.010  # the promise is 20 ms, the goal 10
    # A clock that counted sixtieths would be a second off by then.
    assert 3600 * 300e-6 > 1.0


def test_a_break_in_the_sound_is_followed_and_a_single_odd_report_is_not() -> None:
    clock = SlowClock()
    for number in range(100):
        clock.observe(number * 0.02, number * 0.02)
    clock.observe(2.0, 9.0)
    assert clock.line is not None
    assert clock.line.position(2.0) == pytest.approx(2.0, abs=0.001)
    for number in range(101, 110):
        clock.observe(number * 0.02, number * 0.02 - 0.5)
    assert clock.line.position(2.2) == pytest.approx(1.7, abs=0.001)


def test_after_a_restart_the_first_report_is_believed() -> None:
    clock = SlowClock()
    clock.observe(10.0, 3.0)
    clock.restart()
    clock.observe(11.0, 90.0)
    assert clock.line is not None
    assert clock.line.position(11.5) == pytest.approx(90.5)


def test_a_steady_transport_pauses_seeks_and_goes_on() -> None:
    transport = SteadyTransport()
    transport.play(100.0)
    transport.pause(103.0)
    assert transport.line(110.0).position(110.0) == pytest.approx(3.0)
    transport.seek(111.0, 60.0)
    transport.play(112.0)
    assert transport.line(113.0).position(113.5) == pytest.approx(61.5)


def walk(
    line: Anchor, lead_s: float, start_s: float, seconds: float, late_s: list[float]
) -> list[tuple[float, int]]:
    """Frames with the moments at which they are shown, by somebody who wakes late by these amounts in turn."""
    pace, now_s, shown = Pace(), start_s, []
    while now_s < start_s + seconds:
        now_s = max(now_s, pace.due_s(line, lead_s)) + late_s[len(shown) % len(late_s)]
        shown.append((now_s, pace.frame(now_s, line, lead_s)))
    return shown


@pytest.mark.parametrize("rate", [0.9997, 1.0, 1.0003])
@pytest.mark.parametrize("lead_s", [0.0, 0.0217, -0.4])
def test_each_frame_is_shown_once_at_its_moment(rate: float, lead_s: float) -> None:
    line = Anchor(50.0, 7.0, rate)
    shown = walk(line, lead_s, 50.0, 20.0, [0.0])
    numbers = np.array([number for _, number in shown])
    assert (np.diff(numbers) == 1).all()
    error = [line.position(at_s) + lead_s - number / 60 for at_s, number in shown[1:]]
    assert np.abs(error).max() < 1e-6


def test_who_comes_late_skips_to_the_newest_frame_and_queues_nothing() -> None:
    line = Anchor(0.0, 0.0, 1.0)
    shown = walk(line, 0.0, 0.0, 10.0, [0.0] * 59 + [0.5])
    for at_s, number in shown:
        assert number == math.floor(at_s * 60 + 0.02)
    steps = np.diff([number for _, number in shown])
    assert steps.max() == 31
    assert (steps >= 1).all()


def test_paused_light_goes_on_at_sixty_frames_a_second() -> None:
    shown = walk(Anchor(0.0, 5.0, 0.0), 0.0, 100.0, 5.0, [0.0])
    assert {number for _, number in shown} == {300}
    assert len(shown) == pytest.approx(300, abs=3)


@given(st.lists(st.floats(0.0, 0.05), min_size=5, max_size=300))
@settings(max_examples=50, deadline=None)
def test_frames_never_come_faster_than_the_limiter_counts(waits: list[float]) -> None:
    credit, now_s, times = Credit(), 0.0, []
    for wait_s in waits:
        now_s = max(now_s + wait_s, credit.free_s())
        credit.spend(now_s)
        times.append(now_s)
    for first in range(0, len(times), 7):
        in_a_second = [at_s for at_s in times if times[first] <= at_s < times[first] + 1.0]
        assert len(in_a_second) <= 60 * 1.005 + 4


def test_sent_back_the_new_frame_comes_within_a_sixtieth() -> None:
    pace = Pace()
    line = Anchor(0.0, 100.0, 1.0)
    pace.frame(0.0, line, 0.0)
    back = Anchor(0.01, 20.0, 1.0)
    due_s = pace.due_s(back, 0.0)
    assert due_s <= 1 / 60 + 1e-6
    assert pace.frame(due_s, back, 0.0) == 1200
