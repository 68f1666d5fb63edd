"""Lights over real sockets: the laws that all share, the faults, and what each protocol sends."""

import contextlib
import http.server
import itertools
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.arrays import U8
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.errors import BeatomizerError, UsageError
from beatomizer.outputs.lights.artnet import ArtnetVoice
from beatomizer.outputs.lights.ending import fade_frames
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.record import RecordingLight
from beatomizer.outputs.lights.resample import Resampler
from beatomizer.outputs.lights.schemes import LIGHTS, open_light
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.rig.fixture import Fixture
from beatomizer.rig.patch import DmxPatch, plain_fixtures
from beatomizer.rig.rig import Rig
from beatomizer.safety.judge import judge
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import PROFILES
from tests.test_light_packets import artnet_reply, read_ddp

pytestmark = pytest.mark.realtime

ZONES = 4
UDP = {
    "sacn": "sacn://127.0.0.1:{port}",
    "artnet": "artnet://127.0.0.1:{port}",
    "ddp": "ddp://127.0.0.1:{port}",
    "wled": "wled://127.0.0.1:{port}?pixels=8",
    "wled udp": "wled://127.0.0.1:{port}?pixels=8&protocol=udp",
    "wledsync": "wledsync://127.0.0.1:{port}",
    "osc": "osc://127.0.0.1:{port}",
}
udp_lights = pytest.mark.parametrize("template", UDP.values(), ids=UDP)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))


class Receiver:
    """A UDP socket that keeps what comes."""

    def __init__(self, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.bind(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.port = int(self.socket.getsockname()[1])

    def packets(self) -> list[bytes]:
        got = []
        while True:
            try:
                got.append(self.socket.recv(65535))
            except BlockingIOError:
                return got

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def frame(value: int = 0, beat: int = 0) -> LightFrame:
    rgb8 = np.full((ZONES, 3), value, dtype=np.uint8)
    rgb8[:, 0] = np.arange(ZONES)
    return LightFrame(rgb8, beat=beat, level=value / 255)


def drive(light: Light, seconds: float, until: Callable[[], object] = lambda: False) -> float:
    """Play at 60 frames a second; the slowest call."""
    start, number, slowest = time.monotonic(), 0, 0.0
    while (now := time.monotonic()) < start + seconds and not until():
        light.send(frame(40 + number % 2, number))
        light.idle()
        slowest = max(slowest, time.monotonic() - now)
        number += 1
        time.sleep(max(0.0, start + number / 60 - time.monotonic()))
    return slowest


# --- laws --------------------------------------------------------------------------------------------------------


@udp_lights
def test_a_light_lives_and_ends_dark(template: str, receiver: Receiver) -> None:
    light = open_light(template.format(port=receiver.port), ZONES)
    assert 1 <= light.max_fps <= 60
    assert light.status.online
    drive(light, 0.2)
    playing = receiver.packets()
    assert len(playing) >= 10
    before = time.monotonic()
    light.close()
    assert time.monotonic() - before < 0.8
    ending = receiver.packets()
    assert len(ending) >= 3
    light.close()
    light.send(frame(255))
    light.idle()
    assert receiver.packets() == [], "closed is closed"
    assert light.status.frames_dropped == 0
    assert light.status.errors == 0


def test_an_unchanged_picture_is_kept_alive() -> None:
    """All protocols at once: one picture, two seconds, a packet about every 0.8 s."""
    receivers = {name: Receiver() for name in UDP}
    lights = {name: open_light(UDP[name].format(port=receivers[name].port), ZONES) for name in UDP}
    times: dict[str, list[float]] = {name: [] for name in UDP}
    start = time.monotonic()
    for light in lights.values():
        light.send(frame(90))
    while time.monotonic() < start + 2.0:
        for name, light in lights.items():
            light.idle()
            shown = [packet for packet in receivers[name].packets() if not is_housekeeping(packet)]
            times[name] += [time.monotonic() - start] * bool(shown)
        time.sleep(0.01)
    for name, light in lights.items():
        light.close(0)
        receivers[name].close()
        assert 3 <= len(times[name]) <= 4, name
        assert 0.7 < np.diff(times[name]).max() < 1.1, name


def is_housekeeping(packet: bytes) -> bool:
    """ArtPoll, or sACN universe discovery."""
    return packet.startswith(b"Art-Net\0\0\x20") or packet[18:22] == b"\0\0\0\x08"


def test_refused_is_logged_once_and_recovers_within_two_seconds(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listens; later somebody does: "refused", "receiver restarts". All protocols at once."""
    caplog.set_level(logging.WARNING, "beatomizer.lights")
    gone = {name: Receiver() for name in UDP}
    for one in gone.values():
        one.close()
    lights = {name: open_light(UDP[name].format(port=gone[name].port), ZONES) for name in UDP}
    play_all(lights, 1.2)
    for name, light in lights.items():
        assert not light.status.online, name
        assert light.status.frames_dropped > 20, name
        assert "refused" in light.status.last_error
        assert len(logged(caplog, gone[name].port)) == 1, "once"
    back = {name: Receiver(gone[name].port) for name in UDP}
    play_all(lights, 2.0)
    for name, light in lights.items():
        assert light.status.online, name
        first = back[name].packets()
        assert len(first) > 5, name
        assert ["offline" in line for line in logged(caplog, gone[name].port)] == [True, False]
        light.close(0)
        back[name].close()


def play_all(lights: dict[str, Light], seconds: float) -> None:
    start, number = time.monotonic(), 0
    while time.monotonic() < start + seconds:
        for light in lights.values():
            light.send(frame(40 + number % 2, number))
            light.idle()
        number += 1
        time.sleep(max(0.0, start + number / 60 - time.monotonic()))


def logged(caplog: pytest.LogCaptureFixture, port: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if f":{port} " in record.getMessage()]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "192.0.2.1"])
@pytest.mark.parametrize("scheme", ["sacn", "artnet", "ddp", "osc", "wled"])
def test_names_and_networks_that_are_not_there_stop_nothing(scheme: str, host: str) -> None:
    pixels = "?pixels=4" if scheme == "wled" else ""
    light = open_light(f"{scheme}://{host}{pixels}", ZONES)
    drive(light, 0.15)
    light.close()
    if not host.startswith("192"):
        assert light.status.frames_sent == 0
        assert light.status.frames_dropped > 3


def test_an_unreachable_network_is_offline(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    """The system's own words for a network that is down, from a real socket: TTL-less loopback has none to give."""
    light = open_light(f"ddp://127.0.0.1:{receiver.port}", ZONES)
    light.send(frame())

    def down(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    with monkeypatch.context() as patch:
        patch.setattr("beatomizer.outputs.lights.link.UdpLink.send", down)
        drive(light, 0.5)
        assert not light.status.online
        assert "unreachable" in light.status.last_error
    drive(light, 2.0, lambda: light.status.online)
    assert light.status.online
    light.close(0)


def test_a_lost_third_of_the_packets_loses_nothing_else() -> None:
    """A lossy proxy between a light and a strict receiver: what arrives is whole and in order."""
    target, proxy = Receiver(), Receiver()
    light = open_light(f"sacn://127.0.0.1:{proxy.port}?fps=60&gamma=srgb", ZONES)
    rng, kept = np.random.default_rng(0), list[bytes]()
    for number in range(300):
        light.send(frame(number % 256, number))
        for packet in proxy.packets():
            if len(packet) == 638 and rng.random() > 1 / 3:
                target.socket.sendto(packet, ("127.0.0.1", target.port))
        kept += target.packets()
    light.close(0)
    assert 150 < len(kept) < 250
    last: int | None = None
    for packet in kept:
        step = 1 if last is None else (packet[111] - last + 128) % 256 - 128
        assert not -20 < step <= 0, "a receiver would discard it (E1.31 6.7.2)"
        last = packet[111]
    values = [packet[127] for packet in kept]
    assert all(0 < (after - before) % 256 < 30 for before, after in itertools.pairwise(values))
    target.close()
    proxy.close()


def test_one_dead_light_does_not_slow_another(receiver: Receiver) -> None:
    gone = Receiver()
    gone.close()
    good = open_light(f"ddp://127.0.0.1:{receiver.port}", ZONES)
    bad = open_light(f"ddp://127.0.0.1:{gone.port}", ZONES)
    start = time.monotonic()
    for number in range(60):
        for light in (bad, good):
            light.send(frame(number))
            light.idle()
    assert time.monotonic() - start < 1.0
    assert len(receiver.packets()) == 60
    bad.close()
    good.close()


# --- the end -----------------------------------------------------------------------------------------------------


def test_sacn_ends_with_a_fade_three_dark_and_three_terminated(receiver: Receiver) -> None:
    light = open_light(f"sacn://127.0.0.1:{receiver.port}?fps=60&name=desk&priority=120", ZONES)
    for _ in range(3):
        light.send(LightFrame(np.full((ZONES, 3), 200, dtype=np.uint8)))
    receiver.packets()
    light.close()
    packets = receiver.packets()
    levels = [packet[126] for packet in packets]
    fade, dark, ended = levels[:-6], levels[-6:-3], packets[-3:]
    assert len(fade) == 18
    assert all(before >= after for before, after in zip([200, *fade], fade))
    assert dark == [0, 0, 0]
    assert [packet[112] for packet in packets] == [0] * (len(packets) - 3) + [0x40] * 3
    assert all((after[111] - before[111]) % 256 == 1 for before, after in itertools.pairwise(packets))
    assert ended[0][44:48] == b"desk"
    assert ended[0][108] == 120


def test_the_source_keeps_its_name_from_start_to_start(receiver: Receiver) -> None:
    seen = set()
    for _ in range(2):
        light = open_light(f"sacn://127.0.0.1:{receiver.port}", ZONES)
        light.send(frame())
        light.close()
        seen |= {packet[22:38] for packet in receiver.packets()}
    assert len(seen) == 1


def test_wled_is_left_in_peace(receiver: Receiver) -> None:
    realtime = Receiver()
    light = open_light(f"wled://127.0.0.1:{receiver.port}?pixels=8&realtime={realtime.port}", ZONES)
    light.send(frame(9))
    light.close(0)
    assert realtime.packets() == [bytes([2, 0])]
    frames = read_ddp(receiver.packets())
    assert [any(one) for one in frames] == [True, False, False, False]
    assert len(frames[0]) == 24
    realtime.close()


@pytest.mark.parametrize("after", [6, 10, 20, 30])
def test_the_fade_keeps_the_limits_whatever_came_before(after: int) -> None:
    wild = np.random.default_rng(after).integers(0, 2, (400, 1, 1)).repeat(3, axis=2).repeat(2, axis=1) * 255
    shown = Limiter(2).run(wild.astype(np.uint8))[: 400 - after]
    past = [(number / 60, one) for number, one in enumerate(shown)]
    fading = fade_frames(past, len(shown) / 60, 0.3, 60, "broadcast")
    whole = np.concatenate([shown, np.stack(fading)])
    assert judge(whole).ok
    assert len(fading) == 18


# --- resampling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [10.0, 25.0, 40.0, 44.0, 50.0])
def test_every_flash_of_one_frame_is_held(fps: float) -> None:
    resampler = Resampler(1, fps)
    out = []
    for number in range(600):
        flash = number % 40 == 7 + number // 40 % 3
        rgb8 = np.array([[0, 200, 40] if flash else [0, 10, 2]], dtype=np.uint8)
        shown = resampler.push(LightFrame(rgb8, beat=number))
        if shown is not None:
            out.append(int(shown.rgb8[0, 1]))
    assert abs(len(out) - fps * 10) <= 1
    flashes = sum(1 for before, after in zip([0, *out], out) if after > before + 60)
    assert flashes >= 14 or fps < 25


@pytest.mark.parametrize("fps", [25.0, 40.0, 44.0])
@pytest.mark.parametrize("seed", range(6))
def test_resampled_light_is_as_safe_as_the_show(fps: float, seed: int) -> None:
    """Noise after a limiter, then resampled: what the lamps show, held, judged at sixty frames a second."""
    rng = np.random.default_rng(seed)
    wild = rng.integers(0, 256, (500, 2, 3), dtype=np.uint8)
    safe, resampler = Limiter(2).run(wild), Resampler(2, fps)
    held, seen = np.zeros((2, 3), dtype=np.uint8), []
    for one in safe:
        shown = resampler.push(LightFrame(one))
        held = held if shown is None else shown.rgb8
        seen.append(held)
    assert judge(np.stack(seen)).ok


def test_without_its_limiter_resampling_would_not_be_safe() -> None:
    """The reason for the second limiter: with picking alone, some of the same sequences break a rule."""
    broken = 0
    for seed in range(6):
        safe = Limiter(2).run(np.random.default_rng(seed).integers(0, 256, (500, 2, 3), dtype=np.uint8))
        resampler = Resampler(2, 25.0)
        resampler._limiter.step = lambda wanted: wanted  # type: ignore[method-assign, union-attr]
        held, seen = np.zeros((2, 3), dtype=np.uint8), []
        for one in safe:
            shown = resampler.push(LightFrame(one))
            held = held if shown is None else shown.rgb8
            seen.append(held)
        broken += not judge(np.stack(seen)).ok
    assert broken


ROOMS = PROFILES["broadcast"].for_rooms()
LINEAR = DmxPatch(plain_fixtures(2, 1), 2, 1, 63999).seen
"""What linear lamps of eight bits show."""


def dim_waves(seed: int, frames: int = 1200) -> U8:
    """Dim light in warm colours that comes and goes, limited for rooms: where eight linear bits have few steps."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None] / 60
    height = (
        0.03 * (1 + np.sin(2 * np.pi * rng.uniform(1, 6, (1, 2, 1)) * t + rng.uniform(0, 6, (1, 2, 1)))) ** 2
    )
    color = np.array([1.0, 0.3, 0.02]) * rng.uniform(0.5, 1, (1, 2, 3))
    return Limiter(2, ROOMS).run(linear_to_rgb8(height * color + 0.002 * rng.random((frames, 2, 3))))


@pytest.mark.parametrize("fps", [40.0, 60.0])
@pytest.mark.parametrize("seed", range(4))
def test_what_linear_lamps_show_is_within_the_limits_too(fps: float, seed: int) -> None:
    safe, resampler = dim_waves(seed), Resampler(2, fps, ROOMS, LINEAR)
    held, shown = np.zeros((2, 3), dtype=np.uint8), []
    for one in safe:
        sent = resampler.push(LightFrame(one))
        held = held if sent is None else LINEAR(sent.rgb8)
        shown.append(held)
    assert judge(np.stack(shown), ROOMS).ok
    assert len(np.unique(np.stack(shown)[:, 0, 0])) > 5  # it is not frozen


def test_rounding_alone_would_break_them() -> None:
    """The reason: shown as they are, some of the same sequences break a rule."""
    assert not all(judge(np.stack([LINEAR(one) for one in dim_waves(seed)]), ROOMS).ok for seed in range(4))


def test_from_sixty_on_nothing_changes() -> None:
    resampler, one = Resampler(ZONES, 60.0), frame(77)
    assert resampler.push(one) is one


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("192.168.1.20", "is not a light"),
        ("sacm://1.2.3.4", "did you mean sacn"),
        ("sacn://", "names no host"),
        ("sacn://1.2.3.4?universe=0", "from 1 to 63999"),
        ("artnet://1.2.3.4?universe=32768", "from 0 to 32767"),
        ("sacn://1.2.3.4?priority=201", "from 0 to 200"),
        ("sacn://1.2.3.4?univers=1", "did you mean universe?"),
        ("sacn://1.2.3.4?universe=1&universe=2", "twice"),
        ("sacn://1.2.3.4:99999", "from 1 to 65535"),
        ("sacn://1.2.3.4:0", "from 1 to 65535"),
        ("ddp://1.2.3.4:abc", "from 1 to 65535"),
        ("record:///proc/x.npz", "cannot write into"),
        ("ddp://1.2.3.4?pixels=none", "whole number"),
        ("wled://1.2.3.4?protocol=tcp", "choose from ddp, udp"),
        ("record:///no/such/folder/x.npz", "is not there"),
        ("record://x.txt", "names no .npz"),
        ("artnet://1.2.3.4?sync=maybe", "neither yes nor no"),
    ],
)
def test_bad_addresses_say_what_to_do(url: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_light(url, ZONES)
    assert says in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    for start in ("", "sacn://", "wled://["):
        with contextlib.suppress(UsageError):
            assert LightUrl.parse(start + text).shown


def test_passwords_stay_out_of_messages() -> None:
    url = LightUrl.parse("mqtt://me:secret@[::1]:1883/?x=1")
    assert "secret" not in url.shown
    assert (url.user, url.password, url.host, url.port) == ("me", "secret", "::1", 1883)


@pytest.mark.parametrize("scheme", LIGHTS.names())
def test_every_scheme_refuses_an_option_it_does_not_know(scheme: str) -> None:
    with pytest.raises(BeatomizerError) as caught:
        open_light(f"{scheme}://127.0.0.1/x.npz?no-such-option=1", ZONES)
    assert "no-such-option" in str(caught.value)


# --- each protocol -----------------------------------------------------------------------------------------------


def test_sacn_sync_follows_the_universes_and_discovery_is_told(receiver: Receiver) -> None:
    light = open_light(f"sacn://127.0.0.1:{receiver.port}?universe=7&sync=9", 200)
    light.idle()
    light.send(LightFrame(np.full((200, 3), 3, dtype=np.uint8)))
    packets = receiver.packets()
    assert [len(packet) for packet in packets] == [124, 638, 638, 49]
    assert [packet[113:115].hex() for packet in packets[1:3]] == ["0007", "0008"]
    assert packets[1][109:111] == packets[3][45:47] == b"\0\x09"
    assert packets[0][120:124].hex() == "00070008"
    light.close(0)


def test_sacn_multicast_reaches_a_group_on_loopback() -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("239.255.0.21", 0))
    group = socket.inet_aton("239.255.0.21") + socket.inet_aton("127.0.0.1")
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    listener.settimeout(2)
    port = listener.getsockname()[1]
    light = open_light(f"sacn://multicast:{port}?universe=21&interface=127.0.0.1", ZONES)
    light.send(frame(5))
    assert listener.recv(2000)[113:115] == b"\0\x15"
    light.close()
    listener.close()


def test_artnet_sends_to_the_nodes_that_answered_and_subscribe() -> None:
    """A node on 127.0.0.7 (the address in the reply) with universe 0x341; another universe gets nothing."""
    node = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    node.bind(("127.0.0.7", 0))
    node.settimeout(2)
    port = node.getsockname()[1]
    light = open_light(f"artnet://broadcast:{port}?universe={0x341}&network=127.0.0.7&source=0", ZONES)
    light.send(frame(5))
    light.idle()
    poll, controller = node.recvfrom(2000)
    assert poll[8:10] == b"\0\x20", "the first datagram is the poll: data waits for an answer"
    reply = artnet_reply()
    node.sendto(reply[:10] + bytes([127, 0, 0, 7]) + reply[14:], controller)
    time.sleep(0.05)
    light.idle()
    light.send(frame(6))
    data = node.recv(2000)
    assert data[8:10] == b"\0\x50"
    assert data[14:16] == bytes([0x41, 0x03])
    assert data[12] > 0
    light.close(0)
    node.close()


def test_made_up_nodes_do_not_pile_up() -> None:
    voice = ArtnetVoice(DmxPatch(plain_fixtures(1, 0x341), 1, 0, 32767), 6454, to_all=True, sync=False)
    voice.due(0.0)
    for number in range(5_000):
        reply = artnet_reply()
        voice.heard(reply[:10] + bytes([10, 1, number >> 8, number & 255]) + reply[14:], ("10.0.0.1", 6454))
    assert 100 < len(voice.show(LightFrame(np.full((1, 3), 9, dtype=np.uint8)), 0.1)) < 200


def test_artnet_sync_comes_last_and_polls_come_every_three_seconds(receiver: Receiver) -> None:
    light = open_light(f"artnet://127.0.0.1:{receiver.port}", 200)
    light.send(LightFrame(np.full((200, 3), 3, dtype=np.uint8)))
    codes = [packet[9] for packet in receiver.packets()]
    assert codes == [0x50, 0x50, 0x52]
    from beatomizer.outputs.lights.artnet import ArtnetVoice

    voice = light.voice  # type: ignore[attr-defined]
    assert isinstance(voice, ArtnetVoice)
    polls = [tick / 60 for tick in range(600) if voice.due(100 + tick / 60)]
    assert all(2.5 <= gap <= 3.0 for gap in np.diff(polls))
    light.close(0)


def test_a_rig_is_served(receiver: Receiver) -> None:
    url = f"sacn://127.0.0.1:{receiver.port}"
    lamps = (Fixture("a", address=10, position=0.0), Fixture("b", address=20, position=1.0))
    light = open_light(url, 2, Rig(lamps, {"dmx": url}))
    light.send(LightFrame(np.array([[255, 0, 0], [0, 0, 255]], dtype=np.uint8)))
    (packet,) = receiver.packets()
    assert packet[126 + 9 : 126 + 12] == bytes([255, 0, 0])
    assert packet[126 + 19 : 126 + 22] == bytes([0, 0, 255])
    light.close(0)
    with pytest.raises(UsageError, match="no fixture"):
        open_light(url, 2, Rig((), {"dmx": url}))


class InfoPage(http.server.BaseHTTPRequestHandler):
    """A WLED's ``/json/info``, shortened."""

    answer: ClassVar = {
        "ver": "0.15.0",
        "leds": {"count": 30, "rgbw": False, "matrix": {"w": 6, "h": 5}},
        "udpport": 21324,
        "name": "Sofa",
    }
    settings: ClassVar = {}

    def do_GET(self) -> None:
        told = {"/json/info": self.answer, "/json/cfg": self.settings}
        body = json.dumps(told.get(self.path, {})).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("settings", "option", "gamma"),
    [
        ({}, "", 1.0),
        ({"if": {"live": {"no-gc": True}}, "light": {"gc": {"col": 2.8}}}, "", 1.0),
        ({"if": {"live": {"no-gc": False}}, "light": {"gc": {"col": 2.8}}}, "", 2.8),
        ({"if": {"live": {"no-gc": False}}, "light": {"gc": {"col": 1e99}}}, "", 1.0),
        ({}, "&gamma=2.2", 2.2),
        ({}, "&pixels=30", 1.0),
        ({}, "&pixels=30&gamma=2.8", 2.8),
    ],
)
def test_wled_is_asked_for_its_size_and_gamma(
    receiver: Receiver, settings: object, option: str, gamma: float
) -> None:
    page = type("Page", (InfoPage,), {"settings": settings})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), page)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    light = open_light(f"wled://127.0.0.1:{receiver.port}?http={server.server_port}{option}", 3)
    drive_zones = LightFrame(np.array([[100, 0, 0], [180, 0, 0], [255, 0, 0]], dtype=np.uint8))
    end = time.monotonic() + 3
    while not light.status.frames_sent and time.monotonic() < end:
        light.send(drive_zones)
        time.sleep(0.02)
    (picture, *_) = read_ddp(receiver.packets())
    reds = list(picture[::3])
    columns = [100, 100, 180, 180, 255, 255] * 5  # of the matrix, left to right
    light_of = LINEAR_OF_RGB8[sorted(columns) if "pixels" in option else columns]
    assert (np.array(reds) / 255) ** gamma == pytest.approx(light_of, abs=0.01)
    light.close(0)
    server.shutdown()
    server.server_close()


def test_a_wled_that_does_not_answer_is_offline_and_holds_nothing_up(receiver: Receiver) -> None:
    gone = Receiver()
    gone.close()
    light = open_light(f"wled://127.0.0.1:{receiver.port}?http={gone.port}", ZONES)
    assert drive(light, 0.5) < 0.05
    assert not light.status.online
    assert "/json/info" in light.status.last_error
    light.close()


def test_wledsync_counts_beats_as_peaks_and_keeps_them_apart(receiver: Receiver) -> None:
    from beatomizer.outputs.lights.wledsync import WledSyncVoice

    voice = WledSyncVoice()
    peaks = []
    for number in range(100):
        (message,) = voice.show(frame(200, beat=number // 10), number / 50)  # five beats a second
        if message.data[16]:
            peaks.append(number / 50)
    assert 3 <= len(peaks) <= 5
    assert min(np.diff(peaks)) >= 0.36
    voice.show(LightFrame(frame(200).rgb8, level=1.0), 9.9)
    (message,) = voice.show(LightFrame(0 * frame().rgb8, beat=99, level=1.0, spectrum=(1.0,) * 16), 10.0)
    assert not any(message.data[8:]), "a dark stage is silence"


def test_osc_beats_are_counters_and_everything_is_told_each_second(receiver: Receiver) -> None:
    from pythonosc.osc_bundle import OscBundle

    light = open_light(f"osc://127.0.0.1:{receiver.port}", ZONES)
    for number in range(4):
        light.send(
            LightFrame(frame().rgb8, beat=number // 2, tempo_bpm=120.0, palette=("#ff0000", "#00ff00"))
        )
    bundles = [OscBundle(packet) for packet in receiver.packets()]
    told = [{message.address: message.params for message in bundle} for bundle in bundles]
    assert told[0]["/beatomizer/palette"] == ["#ff0000", "#00ff00"]
    assert told[0]["/beatomizer/tempo"] == [120.0]
    assert [one["/beatomizer/beat"] for one in told] == [[0], [1]], "unchanged bundles are not sent"
    light.close(0)


def test_the_recording_light_keeps_times_and_ends_dark(tmp_path: Path) -> None:
    path = tmp_path / "sent.npz"
    light = open_light(f"record://{path}", ZONES)
    assert isinstance(light, RecordingLight)
    drive(light, 0.3)
    assert not path.exists()
    light.close()
    with np.load(path, allow_pickle=False) as kept:
        rgb: U8 = kept["rgb"]
        assert len(rgb) == len(kept["time_s"]) == light.status.frames_sent
        assert (np.diff(kept["time_s"]) > 0).all()
        assert not rgb[-3:].any()
        assert rgb[0].any()
        assert kept["beat"][10] == 10


def test_a_recording_without_a_show_leaves_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "sent.npz"
    path.write_bytes(b"precious")
    light = open_light(f"record://{path}", ZONES)
    for _ in range(5):
        light.send(frame(9))
    light.close()
    assert path.read_bytes() == b"precious"


def test_a_frame_whose_array_is_used_again_is_remembered_as_it_was() -> None:
    light, rgb8 = RecordingLight(), np.zeros((2, 3), dtype=np.uint8)
    for value in (10, 20, 30):
        rgb8[:] = value
        light.send(LightFrame(rgb8))
    assert light.rgb8[:, 0, 0].tolist() == [10, 20, 30]
