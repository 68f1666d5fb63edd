"""Lights through the real server: a page on a socket, lamps on sockets, OLA, and everything ended by force."""

import json
import os
import signal
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from beatomizer.studio.light_kinds import KINDS
from tests import ola_receiver
from tests.lamps import Lamp, cue_list
from tests.songs import beat_song, write_wav
from tests.studio_server import StudioProcess, descendants, events, gone, studio

HERE = "127.0.0.1"
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEATOMIZER_SETTINGS", str(tmp_path_factory.mktemp("settings")))
        with studio(tmp_path_factory.mktemp("studio")) as process:
            yield process


@pytest.fixture(scope="module")
def project(server, tmp_path_factory):
    return lit_project(server, tmp_path_factory.mktemp("song"))


def lit_project(server, folder):
    """A project whose light is even: one that can be told from others by its brightness."""
    id = server.upload(write_wav(folder / "song.wav", beat_song(20.0)))["id"]
    server.until(id)
    relight(server, id, folder, 0.8)
    return id


def relight(server, id, folder, intensity):
    """Put a cue list of one steady cue, and wait until it is drawn."""
    told = json.loads(cue_list(folder / "even.json", seconds=20.0).read_text())
    told["cues"][0]["intensity"] = intensity
    with server.socket() as page:
        rev = server.project(id)["rev"]
        put = server.ask("PUT", f"/api/projects/{id}/cues", {"rev": rev, "cues": told, "kept": []})
        assert put.status == 200, put.body
        events(page, "show", project=id)
    server.until(id)


@pytest.fixture
def lamp():
    with Lamp() as lamp:
        yield lamp


@pytest.fixture
def light(server, lamp):
    place = {"kind": "ddp", "host": HERE, "port": lamp.port, "name": "Lamp"}
    added = server.ask("POST", "/api/lights/add", place)
    assert added.status == 201, added.body
    yield added.json["id"]
    server.ask("POST", "/api/show/stop", {})
    server.ask("POST", "/api/blackout", {"on": False})
    assert server.ask("DELETE", f"/api/lights/{added.json['id']}").status == 200


class PlayingPage:
    """A page that plays a project: pings for the server's clock, says where it is, hears events."""

    def __init__(self, server, project):
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(server.socket())
        self._project, self._over = project, threading.Event()
        self._socket.send(json.dumps({"type": "ping", "t": 1000.0 * time.monotonic()}))
        (pong,) = [event for event in events(self._socket, "pong") if event["type"] == "pong"]
        back = 1000.0 * time.monotonic()
        self._ahead = pong["now_ms"] - (pong["t"] + back) / 2.0
        self.t0 = time.monotonic()
        self._thread = threading.Thread(target=self._say, daemon=True)
        self._thread.start()

    def position(self, at_s):
        return 1.0 + at_s - self.t0

    def _say(self):
        with suppress(ConnectionClosed):  # some servers here are killed
            while not self._over.is_set():
                now = time.monotonic()
                told = {"type": "position", "project": self._project, "playing": True}
                told |= {"position_s": self.position(now), "now_ms": 1000.0 * now + self._ahead}
                self._socket.send(json.dumps(told))
                self._over.wait(0.15)

    def leave(self):
        self._over.set()
        self._thread.join()
        self._stack.close()


@contextmanager
def playing(server, project):
    page = PlayingPage(server, project)
    try:
        yield page
    finally:
        page.leave()


def start(server, project, *lights, rig=False):
    return server.ask("POST", "/api/show/start", {"project": project, "lights": list(lights), "rig": rig})


# --- attacks -----------------------------------------------------------------------------------------------------

BAD_PLACES = (
    *(
        {"kind": "record", "host": "x.npz"},
        {"kind": "enttec", "host": "/dev/ttyUSB0"},
        {"kind": "screen", "host": "a"},
    ),
    *(
        {"kind": "file", "host": "/etc/passwd"},
        {"kind": "http", "host": HERE},
        {"kind": "ddp"},
        {"host": "a"},
        {},
    ),
    *(
        {"kind": "ddp", "host": "8.8.8.8"},
        {"kind": "sacn", "host": "1.1.1.1"},
        {"kind": "artnet", "host": "0.0.0.0"},
    ),
    *({"kind": "wled", "host": "http://127.0.0.1/"}, {"kind": "wled", "host": "127.0.0.1/../x"}),
    *(
        {"kind": "osc", "host": "a b"},
        {"kind": "ddp", "host": "file:"},
        {"kind": "ddp", "host": "127.0.0.1\n"},
    ),
    *({"kind": "ddp", "host": "fe80::1%eth0"}, {"kind": "ddp", "host": "::ffff:8.8.8.8"}),
    *(
        {"kind": "ddp", "host": [HERE]},
        {"kind": ["ddp"], "host": HERE},
        {"kind": "ddp", "host": HERE, "name": 7},
    ),
    *({"kind": "ddp", "host": HERE, "port": 0.5}, {"kind": "ddp", "host": HERE, "port": 70000}),
    *(
        {"kind": "ddp", "host": HERE, "options": {"interface": "8.8.8.8"}},
        {"kind": "ddp", "host": HERE, "options": 7},
    ),
    {"kind": "mqtt", "host": HERE, "options": {"topic": "#"}},
)


@pytest.mark.parametrize("place", BAD_PLACES, ids=lambda place: json.dumps(place)[:60])
def test_what_may_not_be_added_is_not(server, place) -> None:
    before = server.ask("GET", "/api/lights").json["added"]
    refused = server.ask("POST", "/api/lights/add", place)
    assert refused.status == 400, refused.body
    assert refused.json["error"]
    assert b"Traceback" not in refused.body
    assert server.ask("GET", "/api/lights").json["added"] == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/lights/../lights/add", {}, 404),
        ("DELETE", "/api/lights/..%2f..%2fetc", None, 404),
        ("DELETE", "/api/lights/nobody", None, 400),
        ("PUT", "/api/lights/nobody", {"name": "x"}, 400),
        ("PUT", "/api/lights/nobody", {"offset_ms": 1e9}, 400),
        ("PUT", "/api/lights/nobody", {"offset_ms": "x"}, 400),
        ("POST", "/api/lights/nobody/blink", {}, 400),
        ("POST", "/api/lights/find", {"seconds": 1e9}, 400),
        ("POST", "/api/lights/find", {"seconds": -1}, 400),
        ("PUT", "/api/rig", {"text": "[outputs]\nx = 'record://x'\n"}, 400),
        ("PUT", "/api/rig", {"text": "[outputs]\nx = 'ddp://8.8.8.8'\n"}, 400),
        ("PUT", "/api/rig", {"text": "[[fixture]]\nname='x'\nofl='/etc/passwd'\n"}, 400),
        ("PUT", "/api/rig", {"text": 7}, 400),
        ("PUT", "/api/rig", {"text": "x" * 300_000}, 413),
        ("POST", "/api/show/start", {"project": "../../x", "lights": []}, 404),
        ("POST", "/api/show/start", {"project": "clicks", "lights": []}, 400),
        ("POST", "/api/show/start", {"project": "clicks", "lights": "all"}, 400),
        ("POST", "/api/show/start", {"project": "clicks", "lights": [], "rig": True}, 400),
        ("POST", "/api/live/start", {"source": "/dev/zero", "lights": ["nobody"]}, 400),
        ("POST", "/api/live/start", {"source": "x", "lights": [], "wishes": {"zones": 10**6}}, 400),
        ("POST", "/api/live/start", {"source": "x", "lights": [], "wishes": {"safety": "off"}}, 400),
        ("POST", "/api/live/start", {"source": "x", "lights": [], "wishes": {"palette": "../x"}}, 400),
        ("POST", "/api/live/wishes", {"energy": 0.5}, 400),
        ("POST", "/api/blackout", {"on": "yes"}, 400),
        ("GET", "/api/blackout", None, 405),
        ("GET", "/api/show/start", None, 405),
    ],
)
def test_nonsense_is_refused_in_words(server, method, path, body, status) -> None:
    answer = server.ask(method, path, body)
    assert answer.status == status, answer.body
    assert answer.json["error"]
    assert server.ask("GET", "/api/lights").json["running"] is None


@pytest.mark.parametrize(
    "path", ["/api/lights/add", "/api/lights/find", "/api/show/start", "/api/live/start", "/api/blackout"]
)
def test_another_page_reaches_no_light(server, path) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"X-Beatomizer": ""}, {"Host": "evil.example"}):
        asked = server.ask("POST", path, {"kind": "ddp", "host": HERE, "on": True}, headers)
        assert asked.status in (403, 421)
    assert server.ask("GET", "/api/lights").json["blackout"] is False


@pytest.mark.parametrize(
    "message",
    [
        {"type": "position"},
        {"type": "position", "project": "x", "position_s": "1", "playing": True},
        {"type": "position", "project": "x", "position_s": 1e99, "playing": True},
        {"type": "position", "project": "x", "position_s": 1, "playing": 1},
        {"type": "master", "value": 7},
        {"type": "master", "value": None},
        {"type": "blackout", "on": "yes"},
        {"type": "offset", "light": "x", "offset_ms": 99999},
        {"type": "offset", "light": ["x"], "offset_ms": 1},
    ],
    ids=lambda message: json.dumps(message)[:50],
)
def test_a_message_that_makes_no_sense_ends_that_page_only(server, message) -> None:
    with server.socket() as other, server.socket() as page:
        page.send(json.dumps(message))
        with suppress(ConnectionClosed):
            while page.recv(timeout=10):
                pass
        assert page.close_code == 1008
        other.send(json.dumps({"type": "ping", "t": 1}))
        events(other, "pong")


def test_a_search_is_a_job_and_finds_no_strangers_elsewhere(server) -> None:
    with server.socket() as page:
        asked = server.ask("POST", "/api/lights/find", {"seconds": 1.0})
        assert asked.status == 202
        heard = events(page, "job", kind="find", state="done")
    assert any(event["type"] == "lights" for event in heard) or heard[-1]["state"] == "done"
    for device in server.ask("GET", "/api/lights").json["devices"]:
        assert device["kind"] in (*KINDS, "sacn source")


# --- an evening --------------------------------------------------------------------------------------------------


def test_a_show_an_edit_and_a_blackout_from_another_page(server, project, light, lamp, tmp_path) -> None:
    with playing(server, project), server.socket() as other:
        assert start(server, project, light).status == 200
        lamp.wait_lit(above=60)
        before = int(lamp.colours[-1].max())
        relight(server, project, tmp_path, 0.3)
        lamp.wait(lambda lamp: 0 < lamp.colours[-1].max() < 0.8 * before)
        told = events(other, "lights", running="show")[-1]
        assert told["project"] == project
        asked = time.monotonic()
        other.send(json.dumps({"type": "blackout", "on": True}))
        lamp.wait(lambda lamp: lamp.is_dark)
        print(f"blackout: dark after {lamp.dark_since() - asked:.2f} s")
        assert lamp.dark_since() - asked < 0.3 + 0.7
        assert events(other, "lights", blackout=True)
        assert server.ask("POST", "/api/blackout", {"on": False}).json["blackout"] is False
        lamp.wait(lambda lamp: lamp.colours[-1].any())
        (output,) = server.ask("GET", "/api/lights").json["outputs"]
        assert (output["id"], output["online"], output["error"]) == (light, True, "")
        other.send(json.dumps({"type": "offset", "light": light, "offset_ms": -25}))
        events(other, "lights", running="show")
        assert server.ask("POST", "/api/show/stop", {}).json["running"] is None
    assert lamp.is_dark
    until = time.monotonic() + 10
    while server.ask("GET", "/api/lights").json["added"][0]["offset_ms"] != -25:
        assert time.monotonic() < until
        time.sleep(0.1)
    relight(server, project, tmp_path, 0.8)


@contextmanager
def evening(folder, lamp):
    """A server that lights the lamp with clicks, which need no project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEATOMIZER_SETTINGS", str(folder / "settings"))
        process = StudioProcess(folder / "studio")
    try:
        added = process.ask("POST", "/api/lights/add", {"kind": "ddp", "host": HERE, "port": lamp.port})
        with playing(process, "clicks"):
            assert start(process, "clicks", added.json["id"]).status == 200
            lamp.wait(lambda lamp: bool(lamp.colours) and lamp.colours[-1].max() > 100)
            yield process
    finally:
        if process.process.returncode is None:
            process.end(signal.SIGKILL)


@posix
def test_the_end_of_the_server_is_the_end_of_the_light(tmp_path, lamp) -> None:
    with evening(tmp_path, lamp) as process:
        below = process.children()
        sent = time.monotonic()
        assert process.end(signal.SIGINT) in (0, 130)
        assert lamp.is_dark
        assert lamp.dark_since() - sent < 2.5
        assert gone(below)


@posix
@pytest.mark.realtime
def test_a_server_that_is_killed_leaves_the_dark(tmp_path, lamp) -> None:
    with evening(tmp_path, lamp) as process:
        below = descendants(process.process.pid)
        sent = time.monotonic()
        process.end(signal.SIGKILL)
        time.sleep(1.2)
        assert lamp.is_dark
        print(f"server killed: dark after {lamp.dark_since() - sent:.2f} s")
        assert lamp.dark_since() - sent < 1.0 + 1.5
        assert gone(below)


@posix
@pytest.mark.realtime
def test_everything_killed_at_once_leaves_the_watchdog(tmp_path, lamp) -> None:
    with evening(tmp_path, lamp) as process:
        for pid in [*descendants(process.process.pid), process.process.pid]:
            with suppress(OSError):
                if "watchdog" not in Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(pid, signal.SIGKILL)
        sent = time.monotonic()
        time.sleep(2.0)
        assert lamp.is_dark
        print(f"all killed but the watchdog: dark after {lamp.dark_since() - sent:.2f} s")
        assert lamp.dark_since() - sent < 1.5 + 1.5
        assert process.end(signal.SIGKILL) == -signal.SIGKILL


@pytest.mark.realtime
def test_a_page_that_is_closed_leaves_the_dark(server, project, light, lamp) -> None:
    with playing(server, project):
        start(server, project, light)
        lamp.wait_lit(above=60)
    closed = time.monotonic()
    lamp.wait(lambda lamp: lamp.is_dark)
    print(f"page closed: dark after {lamp.dark_since() - closed:.2f} s")
    assert lamp.dark_since() - closed < 1.5 + 0.3 + 1.2


@pytest.mark.realtime
@pytest.mark.integration
@pytest.mark.skipif(bool(ola_receiver.missing()), reason=f"{ola_receiver.missing()} not installed")
def test_ola_sees_the_show_on_sacn_and_artnet(server, project) -> None:
    with ola_receiver.running_ola() as ola:
        ola.patch("E1.31", 1)
        ola.patch("ArtNet", 2)
        ola.listen(1, 2)
        ids = []
        for kind, options in (
            ("sacn", {"universe": 1, "fps": 40.0}),
            ("artnet", {"universe": 2}),
        ):
            added = server.ask(
                "POST", "/api/lights/add", {"kind": kind, "host": "127.0.0.1", "options": options}
            )
            assert added.status == 201, added.body
            ids.append(added.json["id"])
        with playing(server, project):
            assert start(server, project, *ids).status == 200
            time.sleep(3.0)
            outputs = server.ask("GET", "/api/lights").json["outputs"]
            server.ask("POST", "/api/show/stop", {})
        time.sleep(0.3)
        for id in ids:
            server.ask("DELETE", f"/api/lights/{id}")
        assert [output["online"] for output in outputs] == [True, True]
        for universe, frames in ola.frames.items():
            bright = [max(data[:6], default=0) for _, data in frames]
            print(f"universe {universe}: {len(frames)} frames, brightest {max(bright, default=0)}")
            assert np.count_nonzero(np.array(bright) > 100) > 40
            assert bright[-1] == 0
