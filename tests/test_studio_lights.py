"""The studio's lights: what may be added, who is followed, what lamps on sockets see. The desk needs no web server."""

import asyncio
import http.server
import itertools
import json
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from beatomizer.cli.play import LIGHTS_FIRST_MS
from beatomizer.color import linear_to_rgb8, rgb8_to_linear
from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError, DeviceError, UsageError
from beatomizer.live.follower import LEAD_MS
from beatomizer.outputs.files.page.light import packed
from beatomizer.player.clicks import wanted_flashes
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.player.sources import Glide
from beatomizer.rig.rig_file import read_rig
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import profile_named
from beatomizer.studio import light_search
from beatomizer.studio.addresses import is_near, near_address, plain_host
from beatomizer.studio.blink import PROFILE, blink_light
from beatomizer.studio.light_book import LIGHTS, LightBook
from beatomizer.studio.light_file import read_light
from beatomizer.studio.light_kinds import KINDS, Place, place_of, place_of_url
from beatomizer.studio.light_plan import Chosen, chosen_of
from beatomizer.studio.light_routes import LightRoutes
from beatomizer.studio.light_run import ShowLight
from beatomizer.studio.lights_desk import CLICKS, LIGHTS_FIRST_S, LightsDesk
from beatomizer.studio.page_clock import FOLLOW_S, GONE_S, SILENT_S, Mood, PageClock
from beatomizer.studio.rig_text import checked_rig, view, write_near
from beatomizer.studio.settings import Settings
from beatomizer.studio.studio import Studio
from tests.lamps import Lamp

# --- what may be added -------------------------------------------------------------------------------------------

HOSTILE_HOSTS = (
    *(
        "http://127.0.0.1",
        "http://127.0.0.1/json",
        "//127.0.0.1",
        "127.0.0.1/../x",
        "127.0.0.1/x",
        "127.0.0.1:80",
    ),
    *("user@127.0.0.1", "user:password@127.0.0.1", "127.0.0.1?pixels=9", "127.0.0.1#x", "127.0.0.1\\x"),
    *("fe80::1%eth0", "fe80::1%25eth0", "[::1]", "[fe80::1%eth0]", "::1%lo"),
    *("a b", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1\n", "127.0.0.1\r\nHost: x", "127.0.0.1\0", "\t", ""),
    *(
        "file:/etc/passwd",
        "file:///etc/passwd",
        "/etc/passwd",
        "/dev/ttyUSB0",
        "COM3:",
        "..",
        ".",
        "-h",
        "a..b",
    ),
    *("0x7f000001", "0x7f.1", "2130706433", "127.1", "017700000001", "0177.0.0.1", "1.2.3"),
    *(
        "wled_sofa",
        "sofa.",
        "мир",
        "①②⑦.⓪.⓪.①",
        "x" * 64 + ".local",
        "a." * 130 + "a",
        "*",
        "a,b",
        "$(id)",
        "`id`",
    ),
)
NOT_TEXT = (None, 7, 1.5, True, ["127.0.0.1"], {"host": "127.0.0.1"})


@pytest.mark.parametrize("host", [*HOSTILE_HOSTS, *NOT_TEXT], ids=repr)
def test_a_host_that_is_more_or_less_than_a_host_is_refused(host) -> None:
    with pytest.raises(UsageError):
        plain_host(host)
    for kind in KINDS:
        with pytest.raises(UsageError):
            place_of(kind, host, {"port": 9000})


@pytest.mark.parametrize(
    "address",
    [
        *(
            "8.8.8.8",
            "1.1.1.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "239.255.0.1",
            "100.64.0.1",
            "192.0.2.1",
        ),
        *(
            "172.32.0.1",
            "198.18.0.1",
            "169.253.0.1",
            "::",
            "2001:4860:4860::8888",
            "ff02::1",
            "2002:7f00:1::",
        ),
        *("::ffff:8.8.8.8", "::ffff:127.0.0.1", "2001:0:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1"),
    ],
)
def test_addresses_elsewhere_are_refused(address) -> None:
    assert not is_near(address)
    with pytest.raises(UsageError, match="not on this network"):
        near_address(plain_host(address))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.40", "169.254.7.7", "::1", "fe80::1", "fd00::7"],
)
def test_addresses_of_the_house_are_used(address) -> None:
    assert near_address(plain_host(address)) == address


def test_a_name_counts_by_all_of_its_addresses_and_is_looked_up_once() -> None:
    asked = []

    def resolve(host):
        asked.append(host)
        return {
            "lamp.local": ["192.168.1.9"],
            "both.local": ["192.168.1.9", "8.8.8.8"],
            "far.com": ["8.8.8.8"],
        }[host]

    assert near_address("lamp.local", resolve) == "192.168.1.9"
    assert asked == ["lamp.local"]
    for host in ("both.local", "far.com"):
        with pytest.raises(UsageError, match="not on this network"):
            near_address(host, resolve)
    with pytest.raises(UsageError, match="no address is known"):
        near_address("nobody.invalid", lambda host: [])


@pytest.mark.parametrize(
    "kind",
    [
        "record",
        "screen",
        "enttec",
        "file",
        "http",
        "javascript",
        "RECORD",
        "record://",
        "wled://x",
        "",
        None,
        1,
        [],
    ],
    ids=repr,
)
def test_kinds_that_lead_to_files_devices_or_nowhere_are_refused(kind) -> None:
    with pytest.raises(UsageError, match="can be added"):
        place_of(kind, "127.0.0.1")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("ddp", {"interface": "8.8.8.8"}),
        ("artnet", {"network": "8.8.8.8"}),
        ("sacn", {"name": "x"}),
        ("mqtt", {"topic": "../x"}),
        ("mqtt", {"password": "x"}),
        ("hue", {"area": "x"}),
        ("wled", {"protocol": "http"}),
        ("wled", {"http": "80"}),
        ("wled", {"http": 0}),
        ("wled", {"pixels": 10**9}),
        ("wled", {"pixels": True}),
        ("ddp", {"fps": float("nan")}),
        ("ddp", {"fps": float("inf")}),
        ("ddp", {"port": 65536}),
        ("ddp", {"port": "80 "}),
        ("ddp", {"a&b=c": 1}),
        ("osc", {}),
        ("ddp", [1]),
        ("ddp", "pixels=4"),
    ],
)
def test_options_outside_the_list_are_refused(kind, options) -> None:
    with pytest.raises(UsageError):
        place_of(kind, "127.0.0.1", options)


def test_what_is_allowed_becomes_the_address_that_the_command_line_knows() -> None:
    assert (
        place_of("wled", "Sofa.local", {"protocol": "udp", "fps": 30.0}).url
        == "wled://sofa.local?protocol=udp&fps=30"
    )
    assert place_of("ddp", "fd00::7", {"pixels": 12}, 4049).url == "ddp://[fd00::7]:4049?pixels=12"
    assert place_of("sacn", "multicast", {"universe": 3}).near_url() == "sacn://multicast?universe=3"
    assert (
        place_of("artnet", "10.0.0.5", {"sync": True, "universe": 0}).url
        == "artnet://10.0.0.5?sync=1&universe=0"
    )
    named = place_of("ddp", "multicast")  # only sACN has that: here it is a name like any other
    with pytest.raises(UsageError):
        named.near_url()
    for url in (
        "sacn://10.0.0.5:5569?universe=3&priority=90",
        "artnet://broadcast?sync=1",
        "wled://[fe80::1]?gamma=2.8",
    ):
        assert place_of_url(url).url == url


def test_a_name_that_changes_its_meaning_leads_to_where_it_was_checked(monkeypatch) -> None:
    answers = [["192.168.1.9"], ["8.8.8.8"]]
    monkeypatch.setattr("beatomizer.studio.addresses._resolved", lambda host: answers.pop(0))
    place = place_of("ddp", "lamp.local")
    assert place.near_url() == "ddp://192.168.1.9"
    with pytest.raises(UsageError, match="not on this network"):
        place.near_url()


# --- the rig -----------------------------------------------------------------------------------------------------

RIG = """
name = "Cellar"
[outputs]
strip = "ddp://127.0.0.1:PORT"
[[fixture]]
name = "Left"
kind = "strip"
output = "strip"
pixels = 2
position = -2.0
end = -1.0
[[fixture]]
name = "Right"
kind = "strip"
output = "strip"
pixels = 2
position = 1.0
end = 2.0
"""


@pytest.mark.parametrize(
    "url",
    [
        *(
            "record://x.npz",
            "record:///etc/cron.d/x",
            "enttec:///dev/ttyUSB0",
            "screen://",
            "http://127.0.0.1",
        ),
        *(
            "ddp://8.8.8.8",
            "ddp://127.0.0.1/../x",
            "ddp://user@127.0.0.1",
            "mqtt://u:p@127.0.0.1",
            "file:///etc/passwd",
        ),
        *(
            "ddp://127.0.0.1#x",
            "wled://127.0.0.1?interface=8.8.8.8",
            "artnet://broadcast?network=8.8.8.8",
            "ddp://",
        ),
        *("wled://[fe80::1%25eth0]", "ddp://a b", "nonsense", "ddp://127.0.0.1:99999"),
    ],
)
def test_a_rig_leads_nowhere_else_either(tmp_path, url) -> None:
    text = f"[outputs]\nx = {json.dumps(url)}\n[[fixture]]\nname = 'a'\noutput = 'x'\n"
    with pytest.raises(BeatomizerError):
        write_near(checked_rig(text), tmp_path / "rig.toml")


@pytest.mark.parametrize(
    "text",
    [
        "[[fixture]]\nname = 'a'\nofl = '/etc/passwd'\n",
        "[[fixture]]\nname = 'a'\nofl = '../../x.json'\n",
        "x = " + "[" * 5000,
        "name = 1",
        "= =",
        "a" * 70_000,
        "".join(
            f"[[fixture]]\nname = 'f{n}'\nkind='strip'\npixels = 60000\nuniverse={n * 400 + 1}\n"
            for n in range(2)
        ),
    ],
    ids=["ofl", "ofl up", "deep", "wrong", "no toml", "long", "large"],
)
def test_a_rig_that_reads_files_or_takes_all_memory_is_refused(text) -> None:
    with pytest.raises(BeatomizerError):
        checked_rig(text)


def test_the_rig_is_kept_and_drawn_by_place(tmp_path) -> None:
    desk = LightsDesk(tmp_path)
    told = desk.list.save_rig(RIG.replace("PORT", "4048"))
    left, right = told["view"]["fixtures"]
    assert (left["place"], left["zones"][0], right["end"], right["zones"][-1]) == (0.0, 0, 1.0, 7)
    assert LightsDesk(tmp_path).list.rig()["text"] == RIG.replace("PORT", "4048")
    assert view(checked_rig(told["text"]), 4)["fixtures"][1]["zones"][-1] == 3
    assert desk.list.save_rig(" ")["view"] is None
    with pytest.raises(UsageError):
        desk.list.save_rig({"text": 1})


# --- what is kept ------------------------------------------------------------------------------------------------


def test_lights_are_kept_and_damage_is_left_out(tmp_path) -> None:
    book = LightBook(tmp_path)
    first = book.add(place_of("ddp", "127.0.0.1", {"pixels": 9}), "<b>Sofa</b>\n\x1b[2J" + "x" * 100)
    assert book.add(first.place).id == first.id  # the same place is the same light
    assert "\n" not in first.name
    assert len(first.name) <= 60
    second = book.rename(book.add(place_of("sacn", "multicast")).id, "")
    assert second.name == "multicast"
    assert [light.place for light in LightBook(tmp_path).lights] == [first.place, second.place]
    book.remove(second.id)
    told = json.loads((tmp_path / LIGHTS).read_text())
    told["lights"] += [
        {"kind": "record", "host": "x"},
        {"kind": "ddp", "host": "127.0.0.1/x"},
        7,
        {"id": "../x"},
    ]
    (tmp_path / LIGHTS).write_text(json.dumps(told))
    assert [light.id for light in LightBook(tmp_path).lights] == [first.id]
    (tmp_path / LIGHTS).write_text("{")
    assert LightBook(tmp_path).lights == []
    for id in ("", "../../x", None, 7):
        with pytest.raises(UsageError, match="no such light"):
            book.light(id)


def test_the_light_of_the_page_comes_back_byte_for_byte(tmp_path) -> None:
    rgb8 = np.random.default_rng(1).integers(0, 256, (77, 5, 3), dtype=np.uint8)
    data = packed(rgb8)
    (tmp_path / "light.bin").write_bytes(data + b"calm")
    assert np.array_equal(read_light(tmp_path / "light.bin", 77, 5, len(data)), rgb8)
    for frames, size in ((78, len(data)), (77, 20), (10**6, len(data))):
        with pytest.raises(BeatomizerError):
            read_light(tmp_path / "light.bin", frames, 5, size)


# --- whose song it is --------------------------------------------------------------------------------------------


def test_the_line_goes_through_what_the_page_says_and_seeks_at_once() -> None:
    clock = PageClock(100.0)
    rng = np.random.default_rng(3)
    for step in range(60):  # pings that are off by some milliseconds
        now = 100.0 + step / 4
        clock.said("page", 10.0 + step / 4 + rng.normal(0, 0.004), True, now, now + 0.02)
    assert abs(clock.line(115.1).position(115.1) - 25.1) < 0.006
    clock.said("page", 60.0, True, 115.2, 115.2)
    assert abs(clock.line(115.3).position(115.3) - 60.1) < 1e-3
    clock.said("page", 61.0, False, 116.2, 116.2)
    assert clock.line(130.0).position(130.0) == 61.0


def test_a_moment_that_cannot_be_is_replaced_by_that_of_hearing() -> None:
    for at_s in (None, 0.0, 1e9, 97.9, 100.2):
        clock = PageClock(100.0)
        clock.said("page", 5.0, True, at_s, 100.0)
        assert clock.line(100.0).position(100.0) == 5.0


def test_silence_is_followed_then_breathed_then_dark() -> None:
    clock = PageClock(0.0)
    clock.said("page", 7.0, True, 0.0, 0.0)
    assert clock.mood(1.5) is Mood.FOLLOWS
    assert clock.line(1.5).position(1.5) == 8.5
    assert clock.mood(FOLLOW_S + 0.1) is Mood.BREATHES
    assert clock.line(9.0).position(9.0) == 7.0 + FOLLOW_S  # no further than it was trusted
    assert clock.mood(SILENT_S + 0.1) is Mood.DARK
    clock.said("page", 20.0, True, 70.0, 70.0)
    clock.left("another", 71.0)
    assert clock.mood(70.0 + GONE_S + 0.2) is Mood.FOLLOWS
    clock.left("page", 71.0)
    assert clock.mood(71.0 + GONE_S + 0.1) is Mood.DARK
    clock.said("page again", 21.0, True, 73.0, 73.0)
    assert clock.mood(73.1) is Mood.FOLLOWS


def test_the_page_that_plays_leads() -> None:
    clock = PageClock(0.0)
    assert clock.said("one", 1.0, False, 0.0, 0.0)
    assert clock.said("two", 50.0, True, 0.1, 0.1)  # it plays, the other stands
    assert not clock.said("one", 1.0, False, 0.2, 0.2)
    assert not clock.said("one", 1.0, True, 0.3, 0.3)  # both play: the leader stays
    assert clock.said("one", 1.0, True, 1.4, 1.4)  # the leader fell silent


# --- light -------------------------------------------------------------------------------------------------------


def test_another_light_of_the_same_song_is_glided_to() -> None:
    glide = Glide()
    dark, bright = np.zeros((2, 3), np.uint8), np.full((2, 3), 255, np.uint8)
    shown = [int(glide.step(dark, 0, n, n / 60).max()) for n in range(10)]
    shown += [int(glide.step(bright, 1, n, n / 60).max()) for n in range(10, 40)]
    steps = np.diff(shown)
    assert shown[9] == 0
    assert shown[-1] == 255
    assert (steps >= 0).all()
    assert steps[9:].max() < 80
    seek = [int(glide.step(dark, 1, 500 + n, (40 + n) / 60).max()) for n in range(30)]
    assert seek[0] > 200
    assert seek[-1] == 0
    steady = Glide()  # a frame that was skipped is no seek
    assert [int(steady.step(bright, 0, n, n / 60).max()) for n in (0, 1, 8, 9)] == [255] * 4


def test_swells_ask_the_limiter_for_nothing() -> None:
    light = blink_light(Place("ddp", "127.0.0.1", 0, {"pixels": 3}))
    assert light.zones == 3
    assert light.rgb8.max() > 200
    height = light.rgb8[:, 0, 0].astype(int)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(height)[np.diff(height) != 0])))
    assert len(turns) == 3  # up, down, up, down
    assert height[-1] < 20
    assert np.array_equal(Limiter(3, profile_named(PROFILE).for_rooms()).run(light.rgb8), light.rgb8)


def test_flashes_ask_the_limiter_for_nothing_either() -> None:
    wanted = wanted_flashes(2, 12)
    assert np.array_equal(Limiter(2, profile_named("broadcast").for_rooms()).run(wanted), wanted)


def test_light_leads_by_as_much_as_everywhere() -> None:
    assert 1000.0 * LIGHTS_FIRST_S == LEAD_MS == LIGHTS_FIRST_MS


def test_the_server_side_knows_no_decoder_and_no_model() -> None:
    heavy = {"av", "onnxruntime", "sounddevice"}
    code = f"import sys, beatomizer.studio.light_routes; print(sorted({heavy} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert blink_light(Place("sacn", "multicast")).zones == 170


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))


@pytest.fixture
def lamp():
    with Lamp() as lamp:
        yield lamp


@pytest.fixture
def desk(tmp_path, settings):
    events = []
    desk = LightsDesk(tmp_path / "studio", events.append)
    desk.events = events
    yield desk
    desk.close()


def shown(value):
    """The byte that a linear lamp is sent for an 8-bit sRGB value."""
    return int(np.round(255.0 * rgb8_to_linear(np.array([value], np.uint8)))[0])


def even(value=240, seconds=60, zones=2, number=0, profile="broadcast"):
    return ShowLight(np.full((seconds * 60, zones, 3), value, np.uint8), None, profile, number)


def added(desk, lamp):
    return desk.list.add("ddp", "127.0.0.1", {"pixels": 2}, lamp.port, "Lamp")["id"]


class Playing:
    """A page that plays: says four times a second and more where it is."""

    def __init__(self, desk, project="song", start_s=1.0):
        self.desk, self.project, self.start_s = desk, project, start_s
        self.t0, self._over = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._say, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def position(self, at_s):
        return self.start_s + at_s - self.t0

    def _say(self):
        while not self._over.is_set():
            now = time.monotonic()
            self.desk.said("page", self.project, self.position(now), True, now)
            self._over.wait(0.15)


def test_an_evening_light_edit_blackout_and_end(desk, lamp) -> None:
    id = added(desk, lamp)
    with Playing(desk):
        desk.start_show("song", even(250), chosen_of([id]))
        lamp.wait(lambda lamp: any(colour.max() == shown(250) for colour in lamp.colours))
        desk.renew("another", even(90, number=1))  # somebody edits another project: nothing to do with us
        desk.renew("song", even(180, number=2))
        lamp.wait(lambda lamp: lamp.colours[-1].max() == shown(180))
        seen = [int(colour.max()) for colour in lamp.colours]
        change = seen[max(n for n, value in enumerate(seen) if value == shown(250)) :]
        assert len(set(change)) > 4
        assert min(change) >= shown(180)
        desk.renew("song", even(230, number=1))  # older than what is shown
        desk.set_blackout(True)
        asked = time.monotonic()
        lamp.wait(lambda lamp: lamp.is_dark)
        assert lamp.dark_since() - asked < 0.3 + 0.7
        desk.set_blackout(False)
        lamp.wait(lambda lamp: lamp.colours[-1].max() == shown(180))
        desk.set_master(0.5)
        lamp.wait(lambda lamp: 0 < lamp.colours[-1].max() < 0.8 * shown(180))
        (output,) = desk.event()["outputs"]
        assert output["online"]
        assert output["id"] == id
        assert output["error"] == ""
        desk.set_master(1.0)
        desk.renew("song", even(60, zones=3, number=3, profile="strict"))  # another stage: opened anew
        lamp.wait(lambda lamp: lamp.colours[-1].max() == shown(60))
        assert desk.event()["running"] == "show"
        desk.stop()
    assert lamp.is_dark
    assert desk.event()["running"] is None
    assert {event["type"] for event in desk.events} == {"lights"}


def test_nothing_is_lit_that_may_not_be(desk, lamp) -> None:
    for chosen in ([], ["nobody"], ["../../x"], [id := added(desk, lamp), "nobody"]):
        with pytest.raises(UsageError):
            desk.start_show("song", even(), chosen_of(chosen))
        assert desk.event()["running"] is None
    for lights in ("all", None, {"a": 1}, [1], [["x"]]):
        with pytest.raises(UsageError):
            chosen_of(lights)
    with pytest.raises(UsageError, match="no rig"):
        desk.start_show("song", even(), chosen_of([], True))
    with pytest.raises(UsageError, match="out of range"):
        desk.set_offset(id, 9000.0)
    with pytest.raises(UsageError, match="no such light"):
        desk.set_offset("nobody", 1.0)
    assert lamp.times == []


def test_one_lamp_is_not_lit_twice(desk, lamp) -> None:
    id = added(desk, lamp)
    again = desk.list.add("ddp", "127.0.0.1", {"pixels": 3}, lamp.port, "Again")["id"]
    for start in (
        lambda: desk.start_show("song", even(), Chosen((id, again))),
        lambda: desk.start_clicks(Chosen((id, again))),
        lambda: desk.start_live(None, Chosen((id, again)), Style()),
    ):
        with pytest.raises(UsageError, match="'Lamp' and 'Again' are the same light"):
            start()
    desk.list.save_rig(RIG.replace("PORT", str(lamp.port)))
    with pytest.raises(UsageError, match="are the same light"):
        desk.start_show("song", even(), Chosen((again,), True))
    assert desk.event()["running"] is None
    assert lamp.times == []


def test_an_offset_that_cannot_be_saved_is_saved_later(desk, lamp, tmp_path) -> None:
    id, file = added(desk, lamp), tmp_path / "settings" / "offsets.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("damaged")
    desk.set_offset(id, 25.0)
    with pytest.raises(BeatomizerError):
        desk.save_offsets()
    file.unlink()
    assert desk.has_unsaved
    desk.save_offsets()
    assert "offset_ms = 25" in file.read_text()
    assert not desk.has_unsaved


def test_the_rig_patches_its_own_outputs_and_no_others(desk, lamp, tmp_path) -> None:
    with Lamp() as strip:
        id = added(desk, lamp)
        desk.list.save_rig(RIG.replace("PORT", str(strip.port)))
        with Playing(desk):
            desk.start_show("song", even(), chosen_of([id], True))
            strip.wait(lambda lamp: bool(lamp.colours))
            lamp.wait(lambda lamp: bool(lamp.colours))
            assert len(strip.colours[-1]) == 4 * 3  # two fixtures of two pixels
            assert len(lamp.colours[-1]) == 2 * 3  # as its own options say
            assert [output["name"] for output in desk.event()["outputs"]] == ["strip", "Lamp"]
            desk.set_offset("rig-0", -20.0)
        desk.stop()
        desk.save_offsets()
    assert f"ddp://127.0.0.1:{strip.port}" in (tmp_path / "settings" / "offsets.toml").read_text()


def test_plans_keep_what_the_rig_has_nothing_to_do_with(tmp_path) -> None:
    plan = Plan(("ddp://127.0.0.1", "ddp://127.0.0.2"), 2, "broadcast", rig="x", bare=("ddp://127.0.0.2",))
    plan.write(tmp_path)
    assert Plan.read(tmp_path) == plan


def test_a_near_rig_is_one_that_the_line_reads(tmp_path) -> None:
    near = write_near(checked_rig(RIG.replace("PORT", "4048")), tmp_path / "rig.toml")
    assert dict(read_rig(tmp_path / "rig.toml").outputs) == near == {"strip": "ddp://127.0.0.1:4048"}


def test_a_light_that_cannot_be_opened_says_why_and_leaves_nothing(desk) -> None:
    id = desk.list.add("hue", "127.0.0.1", {"web": 1})["id"]
    with pytest.raises(BeatomizerError):
        desk.start_show("song", even(), Chosen((id,)))
    assert desk.event()["running"] is None
    desk.close()
    with pytest.raises(DeviceError, match="ending"):
        desk.start_show("song", even(), Chosen((added(desk, _NoLamp()),)))


class _NoLamp:
    port = 9


# --- strangers on the network ------------------------------------------------------------------------------------


class Stranger:
    """Something that answers at /json/info in its own way."""

    def __init__(self, answer):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                answer(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def says(body, **headers):
    def answer(handler):
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            return

    return answer


def asked(port):
    return light_search.ask_wled(place_of("wled", "127.0.0.1", {"http": port}))


INFO = {"name": "Sofa", "leds": {"count": 30}, "ver": "0.15"}


def test_a_wled_is_asked_for_its_name(desk) -> None:
    with Stranger(
        says(json.dumps({**INFO, "name": "<img src=x onerror=alert(1)>\n\x1b]0;x"}).encode())
    ) as wled:
        light = desk.list.add("wled", "127.0.0.1", {"http": wled.port})
        assert light["name"].startswith("<img src=x")
        assert "\n" not in light["name"]
        assert wled.asked == ["/json/info", "/json/cfg"]


def test_a_redirection_is_not_followed() -> None:
    with Stranger(says(json.dumps(INFO).encode())) as elsewhere:

        def redirect(handler):
            handler.send_response(302)
            handler.send_header("Location", f"http://127.0.0.1:{elsewhere.port}/json/info")
            handler.end_headers()

        with Stranger(redirect) as wled:
            assert asked(wled.port) is None
            assert wled.asked
            assert elsewhere.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "' + b"x" * 30_000_000 + b'", "leds": {"count": 3}}',
        b"[" * 100_000,
        b'{"leds": {"count": 1e999}}',
        b"\xff\xfe",
    ],
    ids=["30 MB", "deep", "infinite", "no text"],
)
def test_answers_that_are_too_much_are_none(body) -> None:
    with Stranger(says(body)) as wled:
        assert asked(wled.port) is None


def test_a_wled_that_drips_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(light_search, "_EXTRA_S", 1.5)
    over = threading.Event()

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while not over.wait(0.1):
                handler.wfile.write(b" ")
        except OSError:
            return

    with Stranger(drip) as wled:
        began = time.monotonic()
        assert asked(wled.port) is None
        assert time.monotonic() - began < 6.0
        over.set()


def test_what_the_search_tells_is_checked_again() -> None:
    for told in (
        {"kind": "record", "host": "x", "name": "x"},
        {"kind": "wled", "host": "8.8.8.8", "name": "x"},
        {"kind": "wled", "host": "127.0.0.1/x", "name": "x"},
        {"kind": "wled", "host": "127.0.0.1", "options": {"interface": 1}},
    ):
        with pytest.raises(UsageError):
            light_search.found_light(told)
    assert light_search.found_light({"kind": "wled", "host": "127.0.0.1", "name": "A"}).place is not None
    assert light_search.found_light({"kind": "sacn source", "name": "Desk"}).place is None


# --- in time -----------------------------------------------------------------------------------------------------


@pytest.mark.realtime
def test_light_follows_the_positions_that_a_page_says(desk, lamp) -> None:
    frames = np.arange(60 * 60)
    wanted = linear_to_rgb8((240 - np.abs(frames % 480 - 240)) / 255.0)  # a slow triangle tells where it is
    height = np.round(255.0 * rgb8_to_linear(wanted))
    light = ShowLight(np.repeat(np.repeat(wanted[:, None, None], 2, 1), 3, 2))
    with Playing(desk, start_s=2.0) as page:
        desk.start_show("song", light, Chosen((added(desk, lamp),)))
        time.sleep(3.0)
        desk.stop()
    errors = []
    for at_s, colour in zip(lamp.times, lamp.colours):
        place = int((page.position(at_s) + 0.030) * 60)  # light goes 30 ms before sound
        near = [step for step in range(-30, 31) if place + step >= 0 and height[place + step] == colour[0]]
        if at_s > page.t0 + 1.0 and near:
            errors.append(abs(min(near, key=abs)) / 60)
    print(f"light against the page: median {1000 * np.median(errors):.0f} ms of {len(errors)} frames")
    assert len(errors) > 100
    assert np.median(errors) <= 0.020


@pytest.mark.realtime
def test_a_page_that_is_gone_leaves_the_dark_and_then_lets_go(desk, lamp, monkeypatch) -> None:
    monkeypatch.setattr("beatomizer.studio.lights_desk._END_AFTER_DARK_S", 0.5)
    monkeypatch.setattr("beatomizer.studio.page_clock.GONE_S", 0.4)
    desk.start_show("song", even(), Chosen((added(desk, lamp),)))
    with Playing(desk):
        lamp.wait_lit()
        gone = time.monotonic()
    desk.left("page")
    lamp.wait(lambda lamp: lamp.is_dark)
    assert 0.3 < lamp.dark_since() - gone < 0.4 + 0.3 + 1.0
    lamp.wait(lambda lamp: desk.event()["running"] is None, 10)


@pytest.mark.realtime
def test_a_page_that_only_falls_silent_leaves_breathing_light(desk, lamp, monkeypatch) -> None:
    monkeypatch.setattr("beatomizer.studio.page_clock.FOLLOW_S", 0.5)
    desk.start_show("song", even(), Chosen((added(desk, lamp),)))
    with Playing(desk):
        lamp.wait_lit()
    silent = time.monotonic()
    lamp.wait(lambda lamp: lamp.colours[-1].max() < 90, 8)
    assert time.monotonic() - silent > 0.4
    time.sleep(0.3)
    assert not lamp.is_dark  # a breath
    with Playing(desk):
        lamp.wait_lit()


@pytest.mark.realtime
def test_blink_swells_one_light_and_ends_by_itself(desk, lamp, monkeypatch) -> None:
    monkeypatch.setattr("beatomizer.studio.lights_desk.BLINK_S", 2.4)  # once is enough here
    id, enter = added(desk, lamp), OutputProcess.__enter__

    def slowly(output):
        time.sleep(2.5)  # longer than the swells: a WLED that is slow to answer
        return enter(output)

    with monkeypatch.context() as patch:
        patch.setattr(OutputProcess, "__enter__", slowly)
        desk.blink(id)
    lamp.wait(lambda lamp: any(colour.max() > 200 for colour in lamp.colours))
    lamp.wait(lambda lamp: desk.event()["running"] is None and lamp.is_dark, 15)
    with Playing(desk):
        desk.start_show("song", even(), Chosen((id,)))
        with pytest.raises(UsageError, match="stop them first"):
            desk.blink(id)
        assert desk.event()["running"] == "show"


@pytest.mark.realtime
def test_clicks_flash_once_a_second_where_the_page_clicks(desk, lamp) -> None:
    desk.start_clicks(Chosen((added(desk, lamp),)))
    with Playing(desk, CLICKS, 0.5) as page:
        time.sleep(3.2)
    desk.stop()
    bright = np.array([int(colour.max()) for colour in lamp.colours])
    rises = [lamp.times[n] for n in range(1, len(bright)) if bright[n] > 100 >= bright[n - 1]]
    late = [page.position(at_s) - round(page.position(at_s)) for at_s in rises if at_s > page.t0 + 0.6]
    print(f"flashes against clicks: {np.round(1000 * np.array(late))} ms")
    assert len(late) >= 2
    assert abs(np.median(late)) < 0.040


@pytest.mark.realtime
def test_an_output_process_that_is_killed_is_told_and_the_lights_are_dark(desk, lamp) -> None:
    from tests.lamps import children

    with Playing(desk):
        desk.start_show("song", even(), Chosen((added(desk, lamp),)))
        lamp.wait_lit()
        (hand,) = [pid for pid, words in children(os.getpid()).items() if "stagehand" in words]
        os.kill(hand, 9)
        lamp.wait(lambda lamp: lamp.is_dark, 10)
        lamp.wait(lambda lamp: desk.event()["running"] is None, 10)
    assert "ended from outside" in desk.event()["error"]


def test_edits_while_lights_are_being_opened_keep_no_file_waiting(tmp_path, settings, monkeypatch) -> None:
    shown, opened = [], threading.Event()

    def opening(id, light):
        shown.append(light)
        assert opened.wait(60.0)

    async def work():
        routes = LightRoutes(studio := Studio(Settings(tmp_path)))
        await routes.start()
        lights = itertools.count()
        monkeypatch.setattr("beatomizer.studio.light_routes.light_of", lambda projects, id: next(lights))
        monkeypatch.setattr(routes._desk, "renew", opening)
        monkeypatch.setattr(routes._desk, "event", lambda: {"project": "song"})
        for _ in range(60):
            studio.hub.send({"type": "show", "project": "song"})
            await asyncio.sleep(0.001)
        try:
            async with asyncio.timeout(20.0):
                await asyncio.to_thread(int)  # as every file of a project is read and written
        finally:
            opened.set()
        await routes._renewal
        await routes.stop()

    asyncio.run(work())
    assert shown == [0, 1]  # the first, and the newest when that was open
