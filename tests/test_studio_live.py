"""Live mode of the studio: a process that listens, frames for the page, lamps that follow, and how it ends."""

import base64
import json
import os
import signal
import time
from collections import Counter

import numpy as np
import pytest

from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.inference.engines import load_engine
from beatomizer.live.follower import LiveFollower
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.player.following import Level
from beatomizer.player.hands import Hands
from beatomizer.player.ring import Timed
from beatomizer.studio.light_plan import Chosen
from beatomizer.studio.light_run import Hands as LightHands
from beatomizer.studio.lights_desk import LightsDesk
from beatomizer.studio.lines_child import LinesChild
from beatomizer.studio.live_child import Orders, Preview
from beatomizer.studio.live_run import LiveRun
from beatomizer.studio.settings import MOST_ZONES
from tests.lamps import Lamp, children
from tests.pulse_server import MISSING, PulseServer
from tests.songs import beat_song
from tests.studio_server import studio

PIPE_BUF = 4096
"""So much is written to a pipe at once or not at all (POSIX)."""


@pytest.fixture(scope="module")
def song():
    return beat_song(12.0, rate=24_000)


@pytest.fixture(scope="module")
def engine():
    return load_engine("live")


# --- wishes while the music goes on ------------------------------------------------------------------------------


def hues(light):
    """Which of red, green and blue leads, in the lit frames."""
    lit = light[light.max(axis=(1, 2)) > 60].reshape(-1, 3).astype(int)
    lit = lit[lit.max(axis=1) - lit.min(axis=1) > 40]
    return Counter("rgb"[place] for place in lit.argmax(axis=1))


def test_a_palette_that_is_wished_for_is_worn_from_the_next_beat(engine, song) -> None:
    follower = LiveFollower(engine, Style(palette="#ff0000,#ff2000", zones=2))
    before = follower.push(song[: 7 * 24_000])
    follower.wish(Style(palette="#0000ff,#0020ff", energy=1.0, zones=7, safety="calm", seed=9))
    after = follower.push(song[7 * 24_000 : 12 * 24_000])
    assert hues(before[240:]).most_common(1)[0][0] == "r"
    assert hues(after[90:]).most_common(1)[0][0] == "b"
    assert follower.style == Style(
        palette="#0000ff,#0020ff", energy=1.0, zones=2
    )  # the stage stays what it is
    with pytest.raises(UsageError):
        follower.wish(Style(palette="no such palette", zones=2))
    assert follower.style.palette == "#0000ff,#0020ff"


def test_wishes_do_not_depend_on_how_sound_arrives(engine, song) -> None:
    def followed(step):
        follower, shown = LiveFollower(engine, Style(zones=3)), []
        for start in range(0, 4 * 24_000, step):
            if start == 2 * 24_000:
                follower.wish(Style(palette="#00ff00,#ff00ff", energy=0.9, zones=3))
            shown.append(follower.push(song[start : start + step]))
        return np.concatenate(shown)

    assert np.array_equal(followed(400), followed(24_000))


# --- the child's parts -------------------------------------------------------------------------------------------


def test_a_frame_of_the_largest_stage_fits_into_a_pipe_at_once() -> None:
    told = []
    preview = Preview(None, told.append, MOST_ZONES)
    rgb8 = np.arange(MOST_ZONES * 3, dtype=np.uint8).reshape(-1, 3)
    preview.write(Timed(7, 0.0, LightFrame(rgb8)))
    assert base64.b64decode(told[0]["rgb"]) == rgb8.tobytes()
    assert len(json.dumps(told[0])) < PIPE_BUF
    large = Preview(None, told.append, 200)
    for number in range(10):
        large.write(Timed(number, 0.0, LightFrame(np.zeros((200, 3), np.uint8))))
    assert len(told) == 1 + 5  # every second frame


def test_orders_move_hands_and_the_end_of_them_is_the_end() -> None:
    orders = Orders(hands := Hands(("ddp://x",), [0.0]))
    orders.listen(
        iter(
            ['{"master": 0.5, "blackout": true}', "no json", "[]", '{"master": {}}', '{"offsets_s": [0.02]}']
        )
    )
    # Nobody has asked for keys yet: while lights are being opened, hands count already.
    assert (hands.master, hands.blackout, hands.offsets_s) == (0.5, True, [0.02])
    assert orders.keys() == ["q"]


def test_a_blackout_while_the_listener_is_being_started_is_not_lost(monkeypatch) -> None:
    hands, lines = LightHands(), []

    class Child:
        """A process that takes long to start, while somebody presses B; and again before it is known."""

        def __init__(self, module, words, heard, ended):
            hands.blackout, hands.master = True, 0.5
            run.look()
            self._heard = heard

        def tell(self, what):
            lines.append(what)
            if len(lines) == 1:
                hands.blackout, hands.master = False, 0.25
                run.look()
                self._heard({"listening": "x"})

    monkeypatch.setattr("beatomizer.studio.live_run.LinesChild", Child)
    nothing = [lambda *words: None] * 3
    run = LiveRun(None, Style(), None, (), hands, *nothing)
    run.start()
    assert [(line["blackout"], line["master"]) for line in lines] == [(True, 0.5), (False, 0.25)]
    assert "plan" in lines[0]


def test_the_level_is_that_of_the_last_tenth_of_a_second() -> None:
    level = Level()
    assert level.level_db == level.peak_db == -90.0
    for _ in range(50):
        level.push(np.full(2400, 0.1, np.float32))
    assert abs(level.level_db + 20.0) < 0.1
    level.push(np.zeros(0, np.float32))


def test_a_child_that_floods_or_babbles_is_heard_to_its_end(tmp_path, monkeypatch) -> None:
    heard, codes = [], []
    child = LinesChild("beatomizer.studio.live_child", ["list"], heard.append, codes.append)
    until = time.monotonic() + 20
    while not codes:
        assert time.monotonic() < until
        time.sleep(0.02)
    child.tell({"too": "late"})  # nobody hears it, and nothing breaks
    child.stop(1.0)
    assert codes == [0]
    assert all("source" in told for told in heard)


# --- the desk ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["no such source", "/dev/zero"])
def test_a_source_that_is_not_there_says_so_and_leaves_nothing(tmp_path, monkeypatch, source) -> None:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path))
    desk = LightsDesk(tmp_path / "studio")
    with pytest.raises(BeatomizerError):
        desk.start_live(source, Chosen(), Style())
    assert desk.event()["running"] is None
    assert desk.live_event()["running"] is False
    with pytest.raises(UsageError, match="not running"):
        desk.wish_live(Style())
    desk.close()


needs_pulse = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed")


@pytest.fixture
def pulse(tmp_path, monkeypatch):
    with PulseServer(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))
        yield server


class Listener:
    """A page: what it was told, and the frames that it was shown."""

    def __init__(self, socket):
        self._socket, self.told, self.frames = socket, [], []

    def hear(self, enough, timeout_s=30.0):
        """Until something that is told, or shown, is enough."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            message = self._socket.recv(timeout=timeout_s)
            now = time.monotonic()
            if isinstance(message, bytes):
                assert message[0] == 1
                number = int.from_bytes(message[1:5], "little")
                self.frames.append((now, number, np.frombuffer(message[5:], np.uint8).reshape(-1, 3)))
            else:
                self.told.append(json.loads(message))
            if enough(self):
                return
        raise AssertionError(f"waited in vain; last told: {self.told[-3:]}")

    @property
    def live(self):
        return [event for event in self.told if event["type"] == "live"]

    def send(self, **message):
        self._socket.send(json.dumps(message))


@needs_pulse
@pytest.mark.integration
@pytest.mark.realtime
def test_an_evening_of_live_light(pulse, tmp_path) -> None:
    player = pulse.play(np.tile(beat_song(24.0, rate=48_000), 4))
    try:
        with Lamp() as lamp, studio(tmp_path / "studio") as server, server.socket() as socket:
            page = Listener(socket)
            sources = server.ask("GET", "/api/live/sources").json
            assert [one["kind"] for one in sources if one["id"] == "room.monitor"] == ["computer"]
            place = {"kind": "ddp", "host": "127.0.0.1", "port": lamp.port}
            light = server.ask("POST", "/api/lights/add", place).json["id"]
            wishes = {"palette": "#ff0000,#ff3000", "zones": 4, "energy": 0.7}
            wanted = {"source": "room.monitor", "lights": [light], "wishes": wishes}
            begun = server.ask("POST", "/api/live/start", wanted)
            assert begun.status == 200, begun.body
            assert begun.json["running"]
            page.hear(lambda page: page.live and page.live[-1]["level_db"] > -50)
            first = next(event for event in page.live if event["running"])
            assert not first["following"]  # the level comes first, model and lamps after it
            page.hear(lambda page: page.live[-1]["following"] and len(page.frames) > 60)
            page.hear(lambda page: page.live[-1]["tempo_bpm"] > 0)
            assert page.frames[-1][2].shape == (4, 3)
            lamp.wait_lit(above=60)
            begun = (
                time.monotonic()
            )  # nobody has read while the lamp was waited for: that comes first, all at once
            page.hear(lambda page: page.frames[-1][0] - begun > 4.0)
            late = [frame for frame in page.frames if frame[0] - begun > 2.0]
            rate = (late[-1][1] - late[0][1]) / (late[-1][0] - late[0][0])
            print(f"{rate:.1f} frames a second made, {len(page.frames)} shown")
            assert 40 < rate < 75
            assert (
                server.ask("POST", "/api/live/wishes", {"palette": "#0000ff,#0030ff", "energy": 0.7}).status
                == 200
            )
            page.hear(
                lambda page: page.frames[-1][2].max() > 60 and page.frames[-1][2].max(axis=0).argmax() == 2
            )
            asked = time.monotonic()
            page.send(type="blackout", on=True)
            lamp.wait(lambda lamp: lamp.is_dark)
            assert lamp.dark_since() - asked < 0.3 + 0.7
            page.send(type="blackout", on=False)
            lamp.wait(lambda lamp: lamp.colours[-1].any())
            clicks = server.ask("POST", "/api/show/start", {"project": "clicks", "lights": [light]})
            assert clicks.json["running"] == "clicks"  # one thing at a time
            page.hear(lambda page: not page.live[-1]["running"])
            server.ask("POST", "/api/show/stop", {})
            assert lamp.is_dark
    finally:
        player.kill()
        player.wait()


@needs_pulse
@pytest.mark.integration
@pytest.mark.realtime
def test_a_listener_that_is_killed_leaves_the_dark_and_a_word(pulse, tmp_path) -> None:
    desk = LightsDesk(tmp_path / "studio")
    try:
        with Lamp() as lamp:
            light = desk.list.add("ddp", "127.0.0.1", None, lamp.port, "Lamp")["id"]
            desk.start_live("room.monitor", Chosen((light,)), Style(zones=2))
            lamp.wait(lambda lamp: bool(lamp.colours) and lamp.colours[-1].any())
            (pid,) = [pid for pid, words in children(os.getpid()).items() if "live_child" in words]
            sent = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            lamp.wait(lambda lamp: desk.event()["running"] is None, 10)
            time.sleep(0.8)
            assert lamp.is_dark
            assert lamp.dark_since() - sent < 1.0 + 1.5
            assert "start it again" in desk.event()["error"]
    finally:
        desk.close()
