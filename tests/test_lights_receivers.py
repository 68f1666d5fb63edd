"""Independent receivers: OLA counts and compares every frame, tshark reads every packet of a written pcap."""

import itertools
import shutil
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from beatomizer.arrays import U8
from beatomizer.outputs.lights import artnet_packets, sacn_packets
from beatomizer.outputs.lights.artnet import ArtnetVoice
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.outputs.lights.osc import OscVoice
from beatomizer.outputs.lights.sacn import SacnVoice
from beatomizer.outputs.lights.schemes import open_light
from beatomizer.outputs.lights.voice import Message
from beatomizer.rig.patch import DmxPatch, plain_fixtures
from tests import ola_receiver

pytestmark = pytest.mark.realtime

OLA_SECONDS = 8
ZONES = 24


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))


def changing(number: int) -> U8:
    """A frame that no other is like."""
    rgb8 = np.random.default_rng(number).integers(0, 256, (ZONES, 3), dtype=np.uint8)
    rgb8[0] = (number & 255, number >> 8, 7)
    return rgb8


@pytest.mark.integration
@pytest.mark.skipif(bool(ola_receiver.missing()), reason=f"not installed: {ola_receiver.missing()}")
def test_ola_receives_every_frame_of_sacn_and_artnet() -> None:
    frames = 60 * OLA_SECONDS
    with ola_receiver.running_ola() as ola:
        ola.patch("E1.31", 1)
        ola.patch("ArtNet", 2)
        ola.listen(1, 2)
        lights = [
            open_light("sacn://127.0.0.1?universe=1&fps=60&gamma=srgb", ZONES),
            open_light("artnet://127.0.0.1?universe=2&fps=60&gamma=srgb", ZONES),
        ]
        start = time.monotonic()
        for number in range(frames):
            time.sleep(max(0.0, start + number / 60 - time.monotonic()))
            for light in lights:
                light.send(LightFrame(changing(number)))
                light.idle()
        for light in lights:
            light.close(0)
        time.sleep(0.3)
        for universe in (1, 2):
            got = [slots[: 3 * ZONES] for _, slots in ola.frames[universe]]
            assert len(got) >= frames + 3
            assert got[:frames] == [changing(number).tobytes() for number in range(frames)]
            assert not any(b"".join(got[-3:])), "dark at the end"


@pytest.mark.integration
@pytest.mark.skipif(bool(ola_receiver.missing()), reason=f"not installed: {ola_receiver.missing()}")
def test_an_ola_that_restarts_is_served_within_a_second() -> None:
    light = open_light("sacn://127.0.0.1?universe=1&fps=60&gamma=srgb", ZONES)
    waits = []
    for _ in range(2):
        with ola_receiver.running_ola() as ola:
            ola.patch("E1.31", 1)
            ola.listen(1)
            start = time.monotonic()
            while not ola.frames[1] and time.monotonic() < start + 5:
                light.send(LightFrame(changing(300)))
                light.idle()
                time.sleep(1 / 60)
            waits.append(time.monotonic() - start)
            assert ola.frames[1][0][1][: 3 * ZONES] == changing(300).tobytes()
        for number in range(20):
            light.send(LightFrame(changing(number)))
            time.sleep(1 / 60)
    light.close(0)
    assert max(waits) < 1.5


# --- tshark ------------------------------------------------------------------------------------------------------


def datagram(data: bytes, port: int, ident: int) -> bytes:
    """Ethernet, IPv4 and UDP around ``data``; checksums of 0 mean "not computed" for UDP, and IPv4's is right."""
    udp = struct.pack(">HHHH", 5000, port, 8 + len(data), 0) + data
    ip = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), ident & 0xFFFF, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2"
    )
    total = sum(struct.unpack(">10H", ip))
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return bytes(12) + b"\x08\0" + ip[:10] + struct.pack(">H", checksum) + ip[12:] + udp


def write_pcap(path: Path, packets: list[tuple[bytes, int]]) -> None:
    out = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, (data, port) in enumerate(packets):
        whole = datagram(data, port, number)
        out += struct.pack("<IIII", number // 1000, number % 1000 * 1000, len(whole), len(whole)) + whole
    path.write_bytes(out)


def read_pcap(path: Path, fields: tuple[str, ...], *also: str) -> list[list[str]]:
    command = [
        "tshark",
        "-n",
        "-r",
        str(path),
        "--enable-heuristic",
        "acn",
        "-o",
        "acn.dmx_enable:TRUE",
        *also,
    ]
    command += ["-T", "fields", *(word for name in fields for word in ("-e", name))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.mark.integration
@needs_tshark
def test_tshark_finds_sacn_whole_in_order_and_terminated(tmp_path: Path) -> None:
    patch = DmxPatch(plain_fixtures(200, 5), 200, 1, 63999)
    voice = SacnVoice(patch, bytes(range(16)), "Bühne", 120, 0, 5568, multicast=False)
    messages: list[Message] = []
    for number in range(300):
        messages += voice.show(LightFrame(np.full((200, 3), number % 256, dtype=np.uint8)), number / 60)
    messages += voice.farewell()
    write_pcap(tmp_path / "sacn.pcap", [(message.data, sacn_packets.PORT) for message in messages])
    fields = (
        "acn.dmx.seq_number",
        "acn.dmx.priority",
        "acn.dmx.universe",
        "acn.dmx.option_s",
    )
    # Data packets only: this dissector knows neither the synchronisation nor the discovery packet.
    bad = read_pcap(
        tmp_path / "sacn.pcap",
        ("frame.number",),
        "-Y",
        "_ws.malformed || !acn || _ws.expert.severity >= 6291456",
    )
    assert bad == []
    rows = read_pcap(tmp_path / "sacn.pcap", ("frame.number", "udp.length", *fields))
    assert len(rows) == len(messages)
    data = [row for row in rows if row[1] == str(638 + 8)]
    assert len(data) == 2 * 300 + 6
    for universe in ("5", "6"):
        mine = [row for row in data if row[4] == universe]
        numbers = [int(row[2]) for row in mine]
        assert all((after - before) % 256 == 1 for before, after in itertools.pairwise(numbers))
        assert {row[3] for row in mine} == {"120"}
        assert [row[5] in ("1", "True") for row in mine] == [False] * 300 + [True] * 3


@pytest.mark.integration
@needs_tshark
def test_tshark_finds_artnet_whole_and_in_order(tmp_path: Path) -> None:
    patch = DmxPatch(plain_fixtures(200, 0), 200, 0, 32767)
    voice = ArtnetVoice(patch, artnet_packets.PORT, to_all=False, sync=True)
    messages: list[Message] = []
    for number in range(300):
        messages += voice.due(number / 60)
        messages += voice.show(LightFrame(np.full((200, 3), number % 256, dtype=np.uint8)), number / 60)
    write_pcap(tmp_path / "artnet.pcap", [(message.data, artnet_packets.PORT) for message in messages])
    bad = read_pcap(tmp_path / "artnet.pcap", ("frame.number",), "-Y", "_ws.malformed || !artnet")
    assert bad == []
    rows = read_pcap(
        tmp_path / "artnet.pcap",
        ("artnet.header.opcode", "artnet.output.sequence", "artnet.output.universe", "artnet.output.length"),
    )
    codes = [int(row[0], 0) for row in rows]
    assert codes.count(0x5000) == 600
    assert codes.count(0x5200) == 300
    assert codes.count(0x2000) == 2
    first = [int(row[1], 0) for row in rows if int(row[0], 0) == 0x5000 and int(row[2], 0) == 0]
    assert first == [number % 255 + 1 for number in range(300)]
    assert {row[3] for row in rows if int(row[0], 0) == 0x5000} == {"512"}


@pytest.mark.integration
@needs_tshark
def test_tshark_finds_osc_whole(tmp_path: Path) -> None:
    voice = OscVoice("/beatomizer")
    packets = [
        (message.data, 9000)
        for number in range(50)
        for message in voice.show(
            LightFrame(changing(number), beat=number, palette=("#ff0000",)), number / 10
        )
    ]
    write_pcap(tmp_path / "osc.pcap", packets)
    bad = read_pcap(
        tmp_path / "osc.pcap",
        ("frame.number",),
        "--enable-heuristic",
        "osc_udp",
        "-Y",
        "_ws.malformed || !osc",
    )
    assert bad == []
