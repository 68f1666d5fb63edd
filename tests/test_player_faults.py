"""How an evening ends, by whatever: the lights go dark, in time, as a lamp on a socket sees it."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from beatomizer.errors import DeviceError, UsageError
from beatomizer.outputs.lights.ending import close_all
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.outputs.lights.record import RecordingLight
from beatomizer.outputs.lights.wled_info import WledInfo
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.player.watchdog import darken
from tests.lamps import Lamp, children, cue_list, end, start

pytestmark = pytest.mark.realtime

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

SLACK_S = 1.5
"""The promise is a second; a machine that runs other tests at the same time may be later by this much."""


@pytest.fixture
def lamp():
    with Lamp() as lamp:
        yield lamp


@pytest.fixture
def evening(lamp, tmp_path):
    """``beatomizer play`` with light on the lamp."""
    started = []

    def play(*words):
        cues = cue_list(tmp_path / "even.json")
        process = start("play", cues, "--no-audio", "--to", lamp.url, *words)
        started.append(process)
        lamp.wait_lit()
        return process

    yield play
    for process in started:
        end(process)


def faded(lamp):
    """Whether the last light faded rather than was cut: there was something between full and dark."""
    light = np.array([int(colour.max()) for colour in lamp.colours[-40:]])
    return ((light > 0.05 * light.max()) & (light < 0.9 * light.max())).sum() >= 2


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_in_a_fade_black_and_one_line(evening, lamp, number) -> None:
    process = evening()
    sent = time.monotonic()
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.strip() == "beatomizer: stopped; the lights are dark"
    time.sleep(0.2)
    assert lamp.is_dark
    assert lamp.dark_since() - sent < 1.0 + SLACK_S
    assert faded(lamp)


@posix
def test_kill_9_of_the_leader_darkens_the_lights(evening, lamp) -> None:
    process = evening()
    (hand,) = [pid for pid, words in children(process.pid).items() if "stagehand" in words]
    sent = time.monotonic()
    os.kill(process.pid, signal.SIGKILL)
    lamp.wait(lambda lamp: lamp.is_dark)
    assert lamp.dark_since() - sent < 1.0 + SLACK_S
    lamp.wait(lambda _: not Path(f"/proc/{hand}/cwd").exists(), 10)


@posix
def test_kill_9_of_everything_darkens_the_lights_by_the_watchdog(evening, lamp) -> None:
    process = evening("--watchdog")
    sent = time.monotonic()
    os.killpg(process.pid, signal.SIGKILL)
    lamp.wait(lambda lamp: lamp.is_dark)
    assert lamp.dark_since() - sent < 1.5 + SLACK_S


@posix
def test_kill_9_of_the_output_process_darkens_and_is_told(evening, lamp) -> None:
    process = evening()
    (hand,) = [pid for pid, words in children(process.pid).items() if "stagehand" in words]
    os.kill(hand, signal.SIGKILL)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 6
    assert "output process" in errors
    assert errors.count("\n") == 1
    time.sleep(0.2)
    assert lamp.is_dark


@posix
def test_a_leader_that_stands_still_leaves_a_breathing_light_and_comes_back(evening, lamp) -> None:
    process = evening()
    bright = int(lamp.colours[-1].max())
    os.kill(process.pid, signal.SIGSTOP)
    lamp.wait(lambda lamp: 0 < int(lamp.colours[-1].max()) < 0.75 * bright)
    before = len(lamp.times)
    time.sleep(0.5)
    assert len(lamp.times) > before + 5  # light goes on being sent
    os.kill(process.pid, signal.SIGCONT)
    lamp.wait(lambda lamp: int(lamp.colours[-1].max()) >= 0.95 * bright)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130


@posix
def test_a_suspended_output_process_goes_on_with_the_newest_frame(tmp_path, lamp) -> None:
    show = np.zeros((3000, 1, 3), np.uint8)
    show[:, 0, 2] = 60 + np.arange(3000) // 60  # its second can be read from its colour
    plan, started = Plan((lamp.url,), 1, "broadcast"), time.monotonic()
    with OutputProcess(plan, Wishes(Anchor(started, 0.0, 0.0), offsets_s=(0.0,))) as output:
        (output.folder / "song-0").mkdir()
        np.save(output.folder / "song-0" / "show.npy", show)
        zero = time.monotonic()

        def go_on(seconds):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                now = time.monotonic()
                output.wish(Wishes(Anchor(zero, 0.0, 1.0), 0.0, now, 0, offsets_s=(0.0,)))
                time.sleep(0.02)

        go_on(2.0)
        assert output._process is not None
        os.kill(output._process.pid, signal.SIGSTOP)
        go_on(2.5)
        asleep = len(lamp.times)
        os.kill(output._process.pid, signal.SIGCONT)
        woken = time.monotonic()
        go_on(1.5)
        late = [
            (at - zero) - (int(colour[2]) - 60)
            for at, colour in zip(lamp.times, lamp.colours)
            if at > woken + 0.4  # a jump is glided over for 0.3 s
        ]
        assert len(late) > 10
        assert max(late) < 1.0 + SLACK_S  # the colour names the whole second
        assert len(lamp.times) - asleep < 1.5 * 66 + SLACK_S * 60  # nothing was queued
    assert lamp.is_dark
    assert not output.folder.exists()


def test_an_exception_of_the_leader_darkens_the_lights(lamp) -> None:
    plan = Plan((lamp.url,), 1, "broadcast")
    show = np.full((600, 1, 3), 90, np.uint8)
    with pytest.raises(ZeroDivisionError), OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0))) as output:  # noqa: PT012
        (output.folder / "song-0").mkdir()
        np.save(output.folder / "song-0" / "show.npy", show)
        now = time.monotonic()
        output.wish(Wishes(Anchor(now, 0.0, 0.0), 0.0, now + 5, 0, offsets_s=(0.0,)))
        lamp.wait_lit(5, above=60)
        raised = time.monotonic()
        raise ZeroDivisionError
    assert time.monotonic() - raised < 1.0 + SLACK_S
    assert lamp.is_dark


def test_a_broken_song_ends_in_the_dark_with_its_reason(lamp) -> None:
    plan = Plan((lamp.url,), 1, "broadcast")
    with OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0), offsets_s=(0.0,))) as output:
        output.wish(Wishes(Anchor(0.0, 0.0, 0.0), song=7, offsets_s=(0.0,)))
        with pytest.raises(DeviceError, match="FileNotFoundError"):  # noqa: PT012
            for _ in range(1000):
                output.check()
                time.sleep(0.02)
    assert not output.folder.exists()


def test_a_light_that_cannot_be_closed_keeps_no_other_lit_and_none_waits_for_another(tmp_path) -> None:
    class Slow(RecordingLight):
        def close(self, fade_s: float = 0.3) -> None:
            time.sleep(0.1)
            super().close(fade_s)

    full = RecordingLight(tmp_path / "no-such-folder" / "a.npz")
    lights = [full, *(Slow() for _ in range(20))]
    for light in lights:
        for time_s in (0.0, 0.1):  # a recording in which nothing moves is not written
            light.send(LightFrame(np.full((1, 3), 90, np.uint8), time_s))
    started = time.monotonic()
    (trouble,) = close_all(lights, 0.0)
    assert time.monotonic() - started < 1.0 + SLACK_S
    assert "cannot write" in trouble
    assert not any(light.rgb8[-1].any() for light in lights)


def test_lights_that_must_be_asked_first_are_darkened_too(tmp_path, lamp, monkeypatch) -> None:
    """A WLED says how many pixels it has after a while; a recording of an earlier evening is not a lamp."""
    told = ask_info_of(WledInfo("sofa", 3))
    monkeypatch.setattr("beatomizer.outputs.lights.wled.ask_info", told)
    kept = tmp_path / "kept.npz"
    kept.write_bytes(b"kept")
    darken(Plan((f"wled://127.0.0.1:{lamp.port}", f"record://{kept}"), 1, "broadcast"))
    lamp.wait(lambda lamp: len(lamp.colours) >= 3, 2.0)
    assert not any(colour.any() for colour in lamp.colours)
    assert kept.read_bytes() == b"kept"


def ask_info_of(info: WledInfo):
    def ask(*_: object) -> WledInfo:
        time.sleep(0.3)
        return info

    return ask


def test_a_light_that_cannot_be_opened_is_told_as_the_light_tells_it(tmp_path) -> None:
    plan = Plan(("ddp://127.0.0.1/?nonsense=1",), 1, "broadcast")
    with pytest.raises(UsageError, match="nonsense"), OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0))):
        raise AssertionError("it opened")
