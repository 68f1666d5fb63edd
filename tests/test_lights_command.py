"""``beatomizer lights``: found, shown, dark; against sockets on loopback."""

import contextlib
import http.server
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from beatomizer.cli.program import run
from beatomizer.outputs.lights.find import Found, find_artnet, find_sacn, find_wled, first_rig
from beatomizer.outputs.lights.identify import pattern
from beatomizer.outputs.lights.sacn_packets import discovery_packets, multicast_address
from beatomizer.outputs.lights.wled_info import WledInfo, ask_info, parse_info
from beatomizer.rig.rig_file import read_rig, write_rig
from beatomizer.safety.judge import judge
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import PROFILES
from tests.test_light_packets import artnet_reply
from tests.test_lights import InfoPage, Receiver

pytestmark = pytest.mark.realtime


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))


def test_art_net_nodes_are_found_by_a_poll() -> None:
    node = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    node.bind(("127.0.0.1", 0))
    port = node.getsockname()[1]

    def answer() -> None:
        poll, sender = node.recvfrom(2000)
        assert poll[8:10] == b"\0\x20"
        reply = artnet_reply()
        node.sendto(reply[:10] + bytes([127, 0, 0, 1]) + reply[14:], sender)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    (found,) = find_artnet(0.6, "127.0.0.1", port, own_port=0)
    assert found.url == f"artnet://127.0.0.1:{port}?universe={0x341}"
    assert found.universes == (0x341, 0x342)
    assert found.name == "the long name"
    node.close()


def test_sacn_sources_are_found_on_loopback() -> None:
    group = multicast_address(64214)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    source.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    (packet,) = discovery_packets(bytes(16), "other desk", (1, 9))
    timer = threading.Timer(0.2, lambda: source.sendto(packet, (group, port)))
    timer.start()
    (found,) = find_sacn(0.8, "127.0.0.1", port)
    timer.join()
    assert (found.name, found.universes, found.url) == ("other desk", (1, 9), "")
    source.close()


def test_wled_is_asked_by_address() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), InfoPage)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    (found,) = find_wled(0.01, ("127.0.0.1",), server.server_port)
    assert found.info == WledInfo("Sofa", 30, 6, False, 21324, "0.15.0")
    server.shutdown()
    server.server_close()


def test_who_sends_a_byte_now_and_then_does_not_hold_the_search_up() -> None:
    """Each byte is in time for a time limit of each read; all of them together are not."""
    slow, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip() -> None:
        connection, _ = slow.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            while not over.wait(0.05):
                connection.sendall(b" ")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    assert find_wled(0.01, ("127.0.0.1",), slow.getsockname()[1], answer_s=0.4) == []
    assert time.monotonic() - began < 2.0
    over.set()
    thread.join(5)
    slow.close()


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[]", b"{}", b"\xff", b"[" * 60_000),
        *(b'{"leds": {"count": %s}}' % count for count in (b"0", b"1e99", b"Infinity")),
    ],
)
def test_any_other_answer_is_not_a_wled(text: bytes) -> None:
    with pytest.raises(OSError, match="WLED"):
        parse_info(text)


def test_a_matrix_of_less_than_no_columns_is_a_strip() -> None:
    info = parse_info(b'{"leds": {"count": 30, "matrix": {"w": -5}}}')
    assert (info.pixels, info.columns) == (30, 0)


@pytest.mark.parametrize("answer", [b"\0\xff nonsense\r\n\r\n", b"HTTP/1.0 200 OK\r\n" + b"a" * 70_000])
def test_a_device_that_does_not_speak_http_is_no_wled(answer: bytes) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(answer)
            connection.recv(4096)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    with pytest.raises(OSError, match="no answer"):
        ask_info("127.0.0.1", server.getsockname()[1])
    thread.join(5)
    server.close()


def test_a_device_cannot_send_us_elsewhere() -> None:
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), InfoPage)

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{other.server_port}/json/info")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    for one in (other, server):
        threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
    with pytest.raises(OSError, match="no answer"):
        ask_info("127.0.0.1", server.server_port)
    for one in (other, server):
        one.shutdown()
        one.server_close()


def test_passwords_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Receiver()
    gone.close()
    assert run(["lights", "blackout", f"mqtt://me:secret@127.0.0.1:{gone.port}"]) == 6
    said = capsys.readouterr()
    assert "mqtt://127.0.0.1" in said.err
    assert "secret" not in said.err + said.out


def test_a_first_rig_can_be_read_back(tmp_path: Path) -> None:
    found = [
        Found("wled", "Sofa", "wled://10.0.0.4", "", WledInfo("Sofa", 30, 6)),
        Found("wled", "Sofa", "wled://10.0.0.5", "", WledInfo("Sofa", 7)),
        Found("artnet", "Node", "artnet://10.0.0.6?universe=0", "", universes=(0, 1)),
        Found("sacn source", "desk", "", "", universes=(1,)),
    ]
    write_rig(first_rig(found), tmp_path / "rig.toml", ("a note",))
    rig = read_rig(tmp_path / "rig.toml")
    assert rig == first_rig(found)
    assert list(rig.outputs) == ["Sofa", "Sofa 2", "Node"]
    assert [(f.name, f.pixels, f.universe) for f in rig.fixtures] == [
        ("Sofa", 30, 1),
        ("Sofa 2", 7, 1),
        ("Node 0", 170, 0),
        ("Node 1", 170, 1),
    ]


def test_find_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rig = tmp_path / "rig.toml"
    assert (
        run(
            [
                "lights",
                "find",
                "--seconds",
                "0.2",
                "--network",
                "127.0.0.1",
                "--interface",
                "127.0.0.1",
                "--json",
                "--rig",
                str(rig),
            ]
        )
        == 0
    )
    assert isinstance(json.loads(capsys.readouterr().out), list)
    assert not rig.exists(), "there is nothing to write"
    assert run(["lights", "find", "--seconds", "0"]) == 2


def test_find_writes_over_no_rig(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text("# hours of work\n")
    assert run(["lights", "find", "--seconds", "0.1", "--network", "127.0.0.1", "--rig", str(rig)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert rig.read_text() == "# hours of work\n"


@pytest.mark.parametrize("option", ["--interface", "--network"])
def test_find_wants_addresses(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lights", "find", "--seconds", "0.1", option, "abc"]) == 2
    assert f"{option} abc is not an address" in capsys.readouterr().err


def test_blackout_names_every_light_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = Receiver(), Receiver()
    urls = [f"ddp://127.0.0.1:{gone.port}" for gone in (one, two)]
    one.close()
    two.close()
    assert run(["lights", "blackout", *urls]) == 6
    told = capsys.readouterr().err.splitlines()[-1]
    assert all(url in told for url in urls)
    assert "are dark" not in told


def test_the_test_pattern_is_far_from_every_limit_and_shows_every_zone() -> None:
    frames = np.stack(list(pattern(5, 13.5)))
    room = PROFILES["strict"].for_rooms()
    assert judge(frames, room).ok
    assert np.array_equal(Limiter(5, room).run(frames), frames)
    assert (frames.max(axis=0) > 180).all()
    alone = frames[:450].astype(int).sum(axis=2)
    assert all((alone[:, zone] > alone.sum(axis=1) * 0.8).any() for zone in range(5))


def test_test_sends_and_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "sent.npz"
    assert run(["lights", "test", f"record://{path}", "--zones", "2", "--seconds", "0.5"]) == 0
    assert "frames sent" in capsys.readouterr().out
    with np.load(path) as kept:
        assert 20 < len(kept["rgb"]) < 60


def test_a_light_that_is_not_there_is_exit_6(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Receiver()
    gone.close()
    assert run(["lights", "test", f"ddp://127.0.0.1:{gone.port}", "--seconds", "0.4"]) == 6
    assert "refused" in capsys.readouterr().err


def test_blackout_darkens_and_lets_go(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = Receiver(), Receiver()
    urls = [f"sacn://127.0.0.1:{one.port}?universe=3", f"ddp://127.0.0.1:{two.port}?pixels=60"]
    assert run(["lights", "blackout", *urls]) == 0
    data = [packet for packet in one.packets() if len(packet) == 638]
    assert not any(any(packet[126:]) for packet in data)
    assert [packet[112] for packet in data][-3:] == [0x40] * 3
    assert len(data) >= 6
    assert two.packets()[-1][10:] == bytes(180)
    assert "dark" in capsys.readouterr().out
    one.close()
    two.close()
    assert run(["lights", "blackout"]) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_test_fades_goes_dark_and_says_goodbye_within_a_second(number: signal.Signals) -> None:
    receiver = Receiver()
    command = [sys.executable, "-m", "beatomizer", "lights", "test", f"sacn://127.0.0.1:{receiver.port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 20
        while len(receiver.packets()) < 2 and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(0.5)
        before = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 130
        took = time.monotonic() - before
        assert process.stderr
        assert process.stderr.read() == "beatomizer: stopped; the light is dark\n"
    data = [packet for packet in receiver.packets() if len(packet) == 638]
    assert [packet[112] for packet in data[-3:]] == [0x40] * 3
    assert not any(any(packet[126:]) for packet in data[-6:])
    assert any(data[-25][126:])
    assert took < 1.5  # under 1 s, and room for a busy machine to end Python
    receiver.close()
