"""Sound and light of one evening, both measured from outside: a sound server's monitor and a lamp on a socket."""

import signal

import numpy as np
import pytest

from beatomizer.audio.capture.find import open_capture
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from benchmarks.live_latency import Kicks, follow, lateness_ms
from tests.lamps import Lamp, cue_list, end, start
from tests.pulse_server import MISSING, Ear, PulseServer
from tests.songs import beat_song, write_wav

pytestmark = [pytest.mark.integration, pytest.mark.realtime]


@pytest.fixture
def pulse(tmp_path):
    if MISSING:
        pytest.skip(f"{', '.join(MISSING)} not installed")
    pytest.importorskip("sounddevice", exc_type=(ImportError, OSError))
    (tmp_path / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    with PulseServer(tmp_path) as server:
        yield server


def test_clicks_and_flashes_are_one(pulse, tmp_path) -> None:
    with Lamp() as lamp:
        ear = Ear(pulse)
        environment = {**pulse.environment, "XDG_CONFIG_HOME": str(tmp_path / "settings")}
        process = start("calibrate", "--zones", 1, "--to", lamp.url, "--for", 9, environment=environment)
        try:
            out, errors = process.communicate(timeout=90)
        finally:
            end(process)
            ear.close()
        if "no sound output" in errors:
            pytest.skip("PortAudio finds no way to PulseAudio (Debian: libasound2-plugins)")
        assert process.returncode == 0, errors
        assert "saved in" in out
    bright = np.array([int(colour.max()) for colour in lamp.colours])
    rises = [lamp.times[n] for n in range(1, len(bright)) if bright[n] > 150 >= bright[n - 1]]
    assert len(ear.clicks) >= 5
    late = [min((flash - click for flash in rises), key=abs) for click in ear.clicks]
    print(f"light after sound: median {1000 * np.median(late):.0f} ms, {np.round(1000 * np.array(late))}")
    assert abs(np.median(late)) < 0.12  # the monitor and a busy machine included; quiet machines: about 10 ms


def test_a_kick_is_light_soon_after_it_is_heard(pulse, monkeypatch) -> None:
    """Null sink → monitor → capture → features → output process → socket, against an ear at the same monitor."""
    for name, value in pulse.environment.items():
        monkeypatch.setenv(name, value)
    kicks = Kicks(8.0)
    with Lamp() as lamp:
        ear = Ear(pulse)
        plan = Plan((lamp.url,), 1, "broadcast", live=True)
        with OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0), idle=True, offsets_s=(0.0,))) as output:
            player = pulse.play(kicks._samples)
            try:
                follow(lambda: open_capture("computer"), output, 8.0)
            finally:
                player.kill()
                player.wait()
                ear.close()
        light = np.array([float(colour.max()) for colour in lamp.colours])
        late, _ = lateness_ms(ear.clicks[1:], np.array(lamp.times), light)
    assert len(late) >= 4
    print(f"kick to packet: median {np.median(late):.0f} ms of {len(late)}")
    assert np.median(late) < 50 + 60  # 50 is the promise; a machine that runs other tests needs room


def test_a_sound_card_that_is_pulled_leaves_breathing_light_and_plays_on_when_it_is_back(
    pulse, tmp_path
) -> None:
    song = write_wav(tmp_path / "song.wav", beat_song(60.0))
    cues = cue_list(tmp_path / "even.json")
    with Lamp() as lamp:
        ear = Ear(pulse)  # who listens also keeps the null sink from dozing
        process = start("play", cues, "--audio", song, "--to", lamp.url, environment=pulse.environment)
        try:
            lamp.wait_lit()
            bright = int(lamp.colours[-1].max())
            pulse.unplug()
            ear.close()
            lamp.wait(lambda lamp: 0 < int(lamp.colours[-1].max()) < 0.75 * bright)
            pulse.plug_in()
            ear = Ear(pulse)
            lamp.wait(lambda lamp: int(lamp.colours[-1].max()) >= 0.95 * bright)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
            ear.close()
            assert process.returncode == 130, errors
        finally:
            end(process)
        assert ear.clicks  # it is heard again
    assert lamp.is_dark
