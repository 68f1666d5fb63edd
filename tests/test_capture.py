"""Sound as devices hand it over: any rate, any blocks, nonsense in it, gone and back."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.audio.capture.block import Block, EndOfSoundError
from beatomizer.audio.capture.file import FileCapture
from beatomizer.audio.capture.find import chosen
from beatomizer.audio.capture.pulse import Source, command_of, source_of
from beatomizer.audio.capture.rate import StreamResampler
from beatomizer.audio.capture.watched import WatchedCapture
from beatomizer.errors import DeviceError, UsageError
from beatomizer.player.delayed import Delay
from tests.songs import beat_song, write_wav

RATES = [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_phase_at_any_rate(rate: int) -> None:
    for hertz in (60.0, 440.0, 0.3 * min(rate, 24_000)):
        stream = StreamResampler(rate)
        out = stream.push(np.sin(2 * np.pi * hertz * np.arange(rate) / rate).astype(np.float32))
        assert len(out) == pytest.approx(24_000, abs=2)
        wanted = np.sin(2 * np.pi * hertz * (np.arange(len(out)) / 24_000 - stream.latency_s))
        assert np.abs(out - wanted)[300:].max() < 3e-4
    assert stream.latency_s <= 0.0021
    if rate >= 24_000:
        assert stream.latency_s < 0.0008


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_what_24_khz_cannot_hold_is_gone(rate: int) -> None:
    tone = np.sin(2 * np.pi * 15_000 * np.arange(rate // 4) / rate).astype(np.float32)
    assert np.abs(StreamResampler(rate).push(tone))[300:].max() < 1e-3


@given(st.sampled_from(RATES), st.lists(st.integers(0, 900), max_size=12), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_any_blocks_give_the_same_samples(rate: int, sizes: list[int], seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(sum(sizes)).astype(np.float32)
    whole, parts, at = StreamResampler(rate).push(noise), [], 0
    stream = StreamResampler(rate)
    for size in sizes:
        parts.append(stream.push(noise[at : at + size]))
        at += size
    assert np.array_equal(np.concatenate([np.zeros(0, np.float32), *parts]), whole)


@pytest.mark.parametrize("rate", [0, 7_999, 400_000, 44_101])
def test_a_rate_that_is_none_is_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="Hz"):
        StreamResampler(rate)


def test_a_file_comes_in_real_time_whole_and_ends(tmp_path) -> None:
    source = FileCapture(write_wav(tmp_path / "a.wav", beat_song(1.0)))
    begun, got = time.monotonic(), []
    with pytest.raises(EndOfSoundError):  # noqa: PT012
        while True:
            block = source.read(0.1)
            if block is not None:
                got.append(block)
                assert block.at_s - begun < len(np.concatenate([b.samples for b in got])) / 24_000 + 0.1
    assert time.monotonic() - begun >= 0.95
    assert sum(len(block.samples) for block in got) == 24_000


class Script:
    """A source that says what it is told to."""

    name, sample_rate = "script", 48_000

    def __init__(self, steps):
        self.steps, self.closed = steps, False

    def read(self, timeout_s):
        step = self.steps.pop(0) if self.steps else None
        if step is None:
            time.sleep(timeout_s)
            return None
        if isinstance(step, Exception):
            raise step
        return Block(step, time.monotonic())

    def close(self):
        self.closed = True


def test_nonsense_and_overload_of_a_driver_do_no_harm() -> None:
    bad = np.zeros((480, 2), np.float32)
    bad[3], bad[5, 0], bad[7] = np.nan, np.inf, 1e30
    loud = np.full((480, 2), 3.0, np.float32)
    watched = WatchedCapture(lambda: Script([bad, loud]))
    samples, _ = watched.read(0.01)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.5
    samples, _ = watched.read(0.01)
    assert watched.clipped == 1.0
    assert np.abs(samples).max() <= 1.5


def test_a_source_that_falls_silent_or_fails_is_opened_again(monkeypatch) -> None:
    monkeypatch.setattr("beatomizer.audio.capture.watched.RETRY_S", 0.2)
    monkeypatch.setattr("beatomizer.audio.capture.watched.LOST_S", 0.1)
    block = np.zeros((480, 1), np.float32)
    scripts = [
        Script([block]),
        DeviceError("still gone"),
        Script([block, DeviceError("pulled")]),
        Script([block]),
    ]
    opened = []

    def open_next():
        step = scripts.pop(0)
        if isinstance(step, Exception):
            raise step
        opened.append(step)
        return step

    watched = WatchedCapture(open_next)
    lost, until = [], time.monotonic() + 5
    while len(opened) < 3 and time.monotonic() < until:
        watched.read(0.02)
        lost.append(watched.is_lost)
    assert len(opened) == 3
    assert watched.losses == 2
    assert opened[0].closed
    assert opened[1].closed
    assert True in lost


def test_a_source_may_take_its_time_to_begin(monkeypatch) -> None:
    monkeypatch.setattr("beatomizer.audio.capture.watched.LOST_S", 0.1)
    script = Script([])
    watched = WatchedCapture(lambda: script)
    for _ in range(20):
        assert watched.read(0.02) is None
    assert not watched.is_lost
    script.steps.append(np.zeros((480, 1), np.float32))
    assert watched.read(0.02) is not None
    until = time.monotonic() + 2.0
    while not watched.is_lost and time.monotonic() < until:
        watched.read(0.02)
    assert watched.losses == 1


def test_a_source_is_back_when_it_is_heard_not_when_it_is_opened(monkeypatch) -> None:
    """Else the lights would stand still for as long as a source may take to begin."""
    monkeypatch.setattr("beatomizer.audio.capture.watched.RETRY_S", 0.05)
    block = np.zeros((480, 1), np.float32)
    scripts = [Script([block, DeviceError("pulled")]), Script([None, None, block])]
    watched = WatchedCapture(lambda: scripts.pop(0))
    assert watched.read(0.02) is not None
    assert watched.read(0.02) is None
    until = time.monotonic() + 5.0
    while scripts and time.monotonic() < until:
        assert watched.read(0.02) is None
    assert not scripts
    assert watched.is_lost
    while watched.read(0.02) is None:
        assert watched.is_lost
    assert not watched.is_lost
    assert watched.losses == 1


def test_pulse_sources_are_understood_and_chosen() -> None:
    told = {
        "name": "alsa.hdmi.monitor",
        "description": "Monitor of HDMI",
        "sample_specification": "s32le 6ch 44100Hz",
    }
    hdmi = source_of(told, {None})
    assert (hdmi.sample_rate, hdmi.channels, hdmi.monitor, hdmi.default) == (44_100, 6, True, False)
    desk = Source("alsa.desk.monitor", "Monitor of Desk", 48_000, 2, True, True)
    mic = Source("alsa.mic", "Desk microphone", 48_000, 1, False, True)
    found = [hdmi, mic, desk]
    assert chosen(found, None) is chosen(found, "computer") is desk
    assert chosen(found, "microphone") is mic
    assert chosen(found, "hdmi") is hdmi
    assert chosen(found, "piano") is None
    assert chosen([hdmi], "microphone") is None
    with pytest.raises(UsageError, match="several"):
        chosen(found, "desk")
    assert f"--device={hdmi.name}" in command_of(hdmi, 2) or "--target" in command_of(hdmi, 2)


def test_a_delay_holds_sound_back_and_follows_another_crystal() -> None:
    delay = Delay(4_800, 100)
    tone = np.sin(np.arange(480) / 9)[:, None].astype(np.float32)
    out = []
    for _ in range(400):
        delay.push(tone[:480])
        out.append(delay.pull(479))  # the output is slower by two thousandths
    assert len(delay) == pytest.approx(4_800, abs=160)
    assert np.abs(np.concatenate(out)[:4_700]).max() == 0.0
    assert all(len(part) == 479 for part in out)
    assert np.abs(np.diff(np.concatenate(out)[6000:, 0])).max() < 0.75
