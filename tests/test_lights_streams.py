"""Lights that are not UDP, against the real thing: mosquitto, OpenSSL's DTLS server, a pty, a terminal."""

import contextlib
import http.server
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from beatomizer.errors import DeviceError, UsageError
from beatomizer.outputs.lights import enttec_packets, hue_packets, mqtt_packets
from beatomizer.outputs.lights.dtls_link import DtlsLink
from beatomizer.outputs.lights.hue_bridge import Area, Credentials, HueBridge, chosen_area
from beatomizer.outputs.lights.light import Light, LightFrame
from beatomizer.outputs.lights.mqtt import MqttVoice
from beatomizer.outputs.lights.schemes import open_light
from beatomizer.outputs.lights.screen import ScreenLight, picture

pytestmark = pytest.mark.realtime

AREA = "1a8d99cc-967b-44f2-9202-43f976c0fa6b"
KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))
    return tmp_path / "settings"


def needs(program: str) -> Callable[[object], object]:
    """Integration, skipped with the program's name where it is missing."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")

    def marked(test: object) -> object:
        skip = pytest.mark.skipif(path is None, reason=f"{program} is not installed")
        return pytest.mark.integration(skip(test))  # type: ignore[arg-type]

    return marked


def frame(*rows: tuple[int, int, int], beat: int = 0) -> LightFrame:
    return LightFrame(np.array(rows, dtype=np.uint8), beat=beat, tempo_bpm=120.0, section="A", look="pulse")


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drive(light: Light, until: Callable[[], object], one: LightFrame, seconds: float = 6.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, light.status
        light.send(one)
        light.idle()
        time.sleep(0.02)


@contextlib.contextmanager
def running(*command: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, **options) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


# --- bytes -------------------------------------------------------------------------------------------------------


def test_mqtt_packets_are_those_of_the_standard() -> None:
    connect = mqtt_packets.connect_packet("me", 60, "u", "p", "t", b"off")
    assert connect == bytes.fromhex(
        "101c 0004 4d515454 04 e6 003c 0002 6d65 0001 74 0003 6f6666 0001 75 0001 70"
    )
    assert mqtt_packets.publish_packet("a/b", b"hi") == bytes.fromhex("3007 0003 612f62 6869")
    assert mqtt_packets.publish_packet("a/b", b"hi", retain=True)[0] == 0x31
    assert [mqtt_packets.remaining_length(n).hex() for n in (0, 127, 128, 16383, 16384)] == [
        *("00", "7f", "8001", "ff7f"),
        "808001",
    ]
    assert mqtt_packets.refusal(bytes([0x20, 2, 0, 0])) == ""
    assert "password" in mqtt_packets.refusal(bytes([0x20, 2, 0, 4]))


def test_hue_message_is_that_of_the_documentation() -> None:
    message = hue_packets.stream_message(AREA, 7, [(0, (0xFFFF, 0, 0x1234)), (9, (1, 2, 3))])
    assert message == b"HueStream" + bytes([2, 0, 7, 0, 0, 0, 0]) + AREA.encode() + bytes.fromhex(
        "00 ffff 0000 1234 09 0001 0002 0003"
    )


def test_enttec_message_is_that_of_the_widget_api() -> None:
    message = enttec_packets.dmx_message(bytes([1, 2, 3]) + bytes(509))
    assert message[:8] == bytes.fromhex("7e 06 01 02 00 01 02 03")
    assert message[2] | message[3] << 8 == 513
    assert message[-1] == 0xE7
    assert len(message) == 518
    assert len(enttec_packets.dmx_message(b"\1")) == 5 + 25


# --- MQTT --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def broker(port: int, folder: Path) -> Iterator[None]:
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program
    (folder / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    with running(program, "-c", str(folder / "broker.conf"), stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
                break
            time.sleep(0.05)
        yield
        process.terminate()
        process.wait(5)


class Listener:
    """mosquitto_sub as an independent reader: topic → payloads."""

    def __init__(self, port: int) -> None:
        command = ["mosquitto_sub", "-p", str(port), "-t", "#", "-F", "%t %p"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.told: dict[str, list[str]] = {}
        threading.Thread(target=self._read, daemon=True).start()
        time.sleep(0.2)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            topic, _, payload = line.rstrip("\n").partition(" ")
            self.told.setdefault(topic, []).append(payload)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        time.sleep(0.05)
        assert self.process.stdout
        self.process.stdout.close()


@needs("mosquitto")
@needs("mosquitto_sub")
def test_mqtt_tells_home_assistant_and_lamps_and_survives_the_brokers_restart(tmp_path: Path) -> None:
    port = free_port()
    with broker(port, tmp_path):
        listener = Listener(port)
        light = open_light(f"mqtt://127.0.0.1:{port}?lamps=lamp/{{zone}}/set", 2)
        assert light.max_fps == 4
        drive(light, lambda: listener.told.get("lamp/2/set"), frame((255, 0, 0), (0, 0, 64), beat=3))
        assert json.loads(listener.told["lamp/2/set"][0]) == {
            "state": "ON",
            "brightness": 64,
            "color": {"r": 0, "g": 0, "b": 255},
            "transition": 0,
        }
        configs = [topic for topic in listener.told if topic.startswith("homeassistant/sensor/beatomizer-")]
        assert len(configs) == 6
        config = json.loads(listener.told[configs[0]][0])
        assert config["state_topic"] == "beatomizer/state"
        assert json.loads(listener.told["beatomizer/state"][-1])["beat"] == 3
        listener.close()
    drive(light, lambda: not light.status.online, frame((1, 1, 1), (2, 2, 2)))
    with broker(port, tmp_path):
        listener = Listener(port)
        before = time.monotonic()
        drive(light, lambda: listener.told.get("lamp/1/set"), frame((9, 9, 9), (2, 2, 2)))
        assert time.monotonic() - before < 2.0
        light.close(0)
        time.sleep(0.3)
        assert json.loads(listener.told["lamp/1/set"][-1])["state"] == "OFF"
        assert listener.told["beatomizer/status"][-1] == "offline"
        listener.close()


def test_a_lamp_whose_message_was_lost_is_told_again_and_darkness_always() -> None:
    voice = MqttVoice("", "", "b", "", "lamp/{zone}")
    voice.heard(b"\x20\x02\0\0", ("", 0))

    def told(rgb: tuple[int, int, int], now_s: float) -> bool:
        (message,) = voice.show(frame(rgb), now_s)
        return b"lamp/1" in message.data

    assert [told((9, 9, 9), at) for at in (10.0, 11.0, 14.9, 15.1, 16.0)] == [True, False, False, True, False]
    assert [told((0, 0, 0), at) for at in (16.1, 16.2, 16.3)] == [True, True, True]


def test_a_broker_that_answers_no_ping_is_gone() -> None:
    voice = MqttVoice("", "", "b", "", "lamp/{zone}")
    voice.due(99.0)
    voice.heard(b"\x20\x02\0\0", ("", 0))
    assert voice.due(100.0)
    assert voice.due(121.0)
    voice.heard(b"\xd0\0", ("", 0))
    assert voice.due(150.0)
    with pytest.raises(TimeoutError):
        voice.due(170.0)


# --- serial ------------------------------------------------------------------------------------------------------


def test_enttec_speaks_to_a_serial_port_and_survives_its_loss() -> None:
    pytest.importorskip("serial")
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    light = open_light(f"enttec://{os.ttyname(theirs)}", 2)
    light.send(frame((13, 64, 128), (188, 232, 255)))
    got = b""
    end = time.monotonic() + 3
    while len(got) < 518 and time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            got += os.read(ours, 4096)
    assert got[:11] == bytes([0x7E, 6, 1, 2, 0, 1, 13, 55, 128, 206, 255])  # linear light
    assert got[517] == 0xE7
    os.close(theirs)
    os.close(ours)  # pulled out
    drive(light, lambda: not light.status.online, frame((1, 1, 1), (1, 1, 1)))
    light.close(0)


def test_a_serial_port_that_is_not_there_is_named_with_those_that_are() -> None:
    pytest.importorskip("serial")
    with pytest.raises(DeviceError, match="serial ports here"):
        open_light("enttec:///dev/no-such-port", 2)
    with pytest.raises(UsageError, match="names no serial port"):
        open_light("enttec://", 2)


# --- Hue ---------------------------------------------------------------------------------------------------------


CHANNEL = {"channel_id": 0, "position": {"x": 0}}


class Bridge(http.server.BaseHTTPRequestHandler):
    """The web interface of a bridge, as far as its documentation tells."""

    acts: list[str]
    pressed: bool

    def _answer(self, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> dict[str, object]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[no-any-return]

    def do_POST(self) -> None:
        assert self._body()["generateclientkey"] is True
        if not type(self).pressed:
            self._answer([{"error": {"type": 101, "description": "link button not pressed"}}])
        else:
            self._answer([{"success": {"username": "me", "clientkey": KEY}}])

    def do_GET(self) -> None:
        assert self.headers["hue-application-key"] == "me"
        channels = [{"channel_id": n, "position": {"x": x, "y": 0, "z": 0}} for n, x in ((0, 0.9), (1, -0.9))]
        self._answer({"errors": [], "data": [{"id": AREA, "metadata": {"name": "TV"}, "channels": channels}]})

    def do_PUT(self) -> None:
        assert self.path.endswith(AREA)
        type(self).acts.append(str(self._body()["action"]))
        self._answer({"errors": []})

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def bridge(folder: Path) -> Iterator[tuple[type[Bridge], int]]:
    subject = ["-subj", "/CN=bridge", "-days", "1", "-nodes", "-newkey", "rsa:2048"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", "-x509", *subject, *files], check=True, capture_output=True)
    kind = type("OneBridge", (Bridge,), {"acts": [], "pressed": False})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield kind, server.server_port
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def dtls_server(port: int) -> Iterator[Callable[[], bytes]]:
    command = ["openssl", "s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", "-nocert", "-quiet"]
    command += ["-psk_identity", "me", "-psk", KEY, "-cipher", "PSK-AES128-GCM-SHA256", "-mtu", "1400"]
    with running(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        got = bytearray()

        def read() -> bytes:
            assert process.stdout
            got.extend(process.stdout.read() or b"")
            return bytes(got)

        time.sleep(0.3)
        yield read


@pytest.mark.parametrize(
    "told",
    [
        *([], {}, 7, [{}, {}], [{"error": 3}], [{"success": {}}], {"data": 1}, {"data": [{"id": AREA}]}),
        *({"data": [{"id": "../x", "channels": []}]}, {"data": [{"id": "a b\r\n", "channels": [CHANNEL]}]}),
        {"data": [{"id": AREA, "channels": [{"channel_id": 700, "position": {"x": 0}}]}]},
        {"data": [{"id": AREA, "channels": [{"channel_id": float("inf"), "position": {"x": 0}}]}]},
    ],
)
def test_whatever_a_bridge_answers_is_a_device_error(told: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HueBridge, "_ask", lambda *_: told)
    with pytest.raises(DeviceError):
        HueBridge("h").pair()
    with pytest.raises(DeviceError, match="not that of a Hue bridge"):
        HueBridge("h").areas(Credentials("u", "k"))


@needs("openssl")
def test_hue_pairs_streams_over_dtls_and_stops(tmp_path: Path, own_settings: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with bridge(tmp_path) as (web, web_port), dtls_server(port) as received:
        url = f"hue://127.0.0.1:{port}?area=tv&web={web_port}"
        with pytest.raises(DeviceError, match="button"):
            open_light(url, 2)
        web.pressed = True
        light = open_light(url, 2)
        assert (own_settings / "hue.json").stat().st_mode & 0o777 == 0o600
        drive(light, lambda: len(received()) > 66 * 5, frame((255, 0, 0), (0, 0, 255)))
        assert web.acts == ["start"]
        light.close(0)
        end = time.monotonic() + 3
        while web.acts != ["start", "stop"] and time.monotonic() < end:
            time.sleep(0.02)
        assert web.acts == ["start", "stop"]
        data = received()
        messages = [data[start : start + 66] for start in range(0, len(data), 66)]
        assert all(one[:9] == b"HueStream" and len(one) == 66 for one in messages)
        # Channel 0 stands right and shows the right zone.
        assert messages[0][52:] == bytes([0, 0, 0, 0, 0, 255, 255, 1, 255, 255, 0, 0, 0, 0])
        assert all(one[53:59] + one[60:] == bytes(12) for one in messages[-3:])
        again = open_light(url, 2)  # paired already: no button
        again.close(0)


@needs("openssl")
def test_hue_with_a_wrong_key_is_offline_and_holds_nothing_up(tmp_path: Path, own_settings: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with bridge(tmp_path) as (web, web_port), dtls_server(port):
        own_settings.mkdir()
        kept = {"127.0.0.1": {"user": "me", "key": "ff" * 16}}
        (own_settings / "hue.json").write_text(json.dumps(kept))
        light = open_light(f"hue://127.0.0.1:{port}?web={web_port}", 2)
        drive(light, lambda: not light.status.online, frame((1, 1, 1), (1, 1, 1)))
        assert "DTLS" in light.status.last_error or light.status.last_error == "no answer"
        light.close(0)
        del web


@needs("openssl")
def test_starting_and_ending_the_program_of_hue_never_waits(tmp_path: Path, own_settings: Path) -> None:
    """A bridge that takes its time to start and stop, a program that must be killed: the loop sees nothing of it."""
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "openssl"
    slow.write_text("#!/bin/sh\necho CONNECTION ESTABLISHED >&2\nexec sleep 30\n")
    slow.chmod(0o755)
    done = list[str]()

    def act(what: str) -> None:
        time.sleep(0.3)
        done.append(what)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        link = DtlsLink("127.0.0.1", 9, "me", KEY, lambda: act("start"), lambda: act("stop"))
        longest_s, end = 0.0, time.monotonic() + 10
        for wanted in (2, 4):
            began = time.monotonic()
            link.open()
            longest_s = max(longest_s, time.monotonic() - began)
            while not link.ready() and time.monotonic() < end:
                began = time.monotonic()
                link.ready()
                longest_s = max(longest_s, time.monotonic() - began)
                time.sleep(0.01)
            began = time.monotonic()
            link.close()
            longest_s = max(longest_s, time.monotonic() - began)
            while len(done) < wanted and time.monotonic() < end:
                time.sleep(0.01)
    assert done == ["start", "stop"] * 2
    assert longest_s < 0.15  # 0.2 s for a goodbye and 0.3 s for each answer, were they waited for


def test_areas_are_chosen_by_name() -> None:
    areas = [Area("1", "TV", ()), Area("2", "Bar", ())]
    assert chosen_area(areas, "bar").uuid == "2"
    with pytest.raises(UsageError, match="'TV', 'Bar'"):
        chosen_area(areas, "")


# --- screen ------------------------------------------------------------------------------------------------------


def test_the_screen_shows_every_zone_in_its_colour_and_cleans_up() -> None:
    text = picture(frame((255, 0, 0), (0, 0, 9), beat=4), 40, 3)
    assert text.count("\x1b[48;2;255;0;0m" + " " * 20) == 2
    assert text.count("\x1b[48;2;0;0;9m" + " " * 20) == 2
    assert "120 BPM  beat 4  A  pulse" in text
    out = io.StringIO()
    light = ScreenLight(out)
    light.send(frame((255, 0, 0), (0, 0, 9)))
    light.close()
    assert out.getvalue().endswith("\x1b[?25h")
    assert light.status.online


def test_a_screen_that_is_gone_stops_nothing() -> None:
    out = io.StringIO()
    light = ScreenLight(out)
    out.close()
    light.send(frame((1, 1, 1)))
    light.close()
    assert not light.status.online
