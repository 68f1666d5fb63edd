"""Live, for real: a song is played into a sound server's null sink, its monitor is followed, a lamp sees light."""

import os
import signal
import time

import numpy as np
import pytest

from tests.lamps import Lamp, end, start
from tests.pulse_server import MISSING, PulseServer
from tests.songs import beat_song, write_wav

pytestmark = [pytest.mark.integration, pytest.mark.realtime]

SLACK_S = 1.5


@pytest.fixture
def pulse(tmp_path):
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed")
    with PulseServer(tmp_path) as server:
        yield server


@pytest.fixture
def lamp():
    with Lamp() as lamp:
        yield lamp


def lively(lamp, last=90):
    """Whether the light of late jumps with beats; the idle breath never does, in whatever colour it is bright."""
    light = np.array([int(colour.max()) for colour in lamp.colours[-last:]])
    return len(light) == last and (np.abs(np.diff(light)) > 15).sum() >= 2


def test_what_the_computer_plays_is_found_followed_lost_and_found_again(pulse, lamp) -> None:
    listed = start("live", "--list", environment=pulse.environment)
    out, errors = listed.communicate(timeout=60)
    assert listed.returncode == 0, errors
    assert "room.monitor" in out
    assert "what the computer plays, 48000 Hz" in out

    process = start("live", "--zones", 2, "--to", lamp.url, environment=pulse.environment)
    song = beat_song(120.0, rate=48_000)
    player = pulse.play(song)
    try:
        lamp.wait(lively, 60)
        pulse.unplug()
        gone = time.monotonic()
        lamp.wait(lambda lamp: not lively(lamp), 30)
        breathing = time.monotonic() - gone
        assert breathing < 4.0 + 6 * SLACK_S
        seen = len(lamp.times)
        time.sleep(1.0)
        assert len(lamp.times) > seen + 10  # it breathes, it is not off
        player.kill()
        player.wait()
        pulse.plug_in()
        player = pulse.play(song)
        lamp.wait(lively, 60)
        sent = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130, errors
        time.sleep(0.2)
        assert lamp.dark_since() - sent < 1.0 + SLACK_S
        assert "is gone; trying again" in errors
        assert "is back" in errors
    finally:
        end(process)
        player.kill()
        player.wait()


def test_a_file_is_followed_in_its_own_time(tmp_path) -> None:
    song = write_wav(tmp_path / "song.wav", beat_song(6.0))
    record = tmp_path / "sent.npz"
    started = time.monotonic()
    process = start("live", "--from", song, "--to", f"record://{record}", "--zones", 3)
    out, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    assert time.monotonic() - started > 6.0
    assert "listening to song" in out
    sent = np.load(record)
    song_s = sent["song_s"][sent["song_s"] > 0]
    assert song_s.max() > 5.0
    assert (np.diff(sent["song_s"][: np.argmax(sent["song_s"])]) >= 0).all()
    assert sent["rgb"].shape[1] == 3
    assert not sent["rgb"][-3:].any()
