"""CPU and regularity of sACN and Art-Net at 60 Hz for 1, 10 and 100 universes, beside three libraries, in one run.

    python benchmarks/lights_cpu.py [--seconds 8] [--universes 1 10 100]      about three minutes

Each row is a process of its own that sends full changing universes to a counting socket on loopback. ``sacn``,
``stupidArtnet`` and ``pyartnet`` are in the dependency group ``bench``; what is not installed is left out. pyartnet is
GPL-3 and is run here as a peer only.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FPS = 60
SENDERS = ("beatomizer sacn", "beatomizer artnet", "sacn", "stupidArtnet", "stupidArtnet start", "pyartnet")
NEEDS = {
    "sacn": "sacn",
    "stupidArtnet": "stupidArtnet",
    "stupidArtnet start": "stupidArtnet",
    "pyartnet": "pyartnet",
}


def frames() -> list[bytes]:
    """Sixty-four universes of noise to take turns."""
    return [np.random.default_rng(seed).integers(0, 256, 512, dtype=np.uint8).tobytes() for seed in range(64)]


_began = [0.0, 0.0]
"""Clock and CPU when the first frame was sent: imports and setting up are not counted."""


def begin() -> float:
    """The first frame is next."""
    _began[:] = time.monotonic(), time.process_time()
    return _began[0]


def paced(seconds: float, send: Callable[[int], None]) -> None:
    """Call ``send`` at absolute deadlines, 60 times a second."""
    start = begin()
    for number in range(round(seconds * FPS)):
        time.sleep(max(0.0, start + number / FPS - time.monotonic()))
        send(number)


def send_ours(scheme: str, port: int, universes: int, seconds: float) -> None:
    """The product itself: rig, patch and packets, 170 pixels a universe."""
    from beatomizer.outputs.lights.light import LightFrame
    from beatomizer.outputs.lights.schemes import open_light

    zones = 170 * universes
    light = open_light(f"{scheme}://127.0.0.1:{port}?fps=60&universe=1", zones)
    pictures = [
        LightFrame(np.random.default_rng(seed).integers(0, 256, (zones, 3), dtype=np.uint8))
        for seed in range(8)
    ]

    def send(number: int) -> None:
        light.send(pictures[number % 8])
        light.idle()

    paced(seconds, send)
    light.close(0)


def send_sacn(port: int, universes: int, seconds: float) -> None:
    """The library ``sacn``: its own thread sends."""
    import sacn

    sender = sacn.sACNsender(fps=FPS, universeDiscovery=False, bind_address="127.0.0.1")
    sender._sender_handler.socket.send_unicast = _to_port(sender, port)
    sender.start()
    for universe in range(1, universes + 1):
        sender.activate_output(universe)
        sender[universe].destination = "127.0.0.1"
    data = [tuple(one) for one in frames()]

    def send(number: int) -> None:
        for universe in range(1, universes + 1):
            sender[universe].dmx_data = data[(number + universe) % 64]

    paced(seconds, send)
    sender.stop()


def _to_port(sender: Any, port: int) -> Callable[[Any, str], None]:
    """Its port is fixed; the counting socket has another."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(data: Any, destination: str) -> None:
        udp.sendto(bytearray(data.getBytes()), ("127.0.0.1", port))

    return send


def send_stupid_artnet(port: int, universes: int, seconds: float, threads: bool = False) -> None:
    """The library ``stupidArtnet``: one object a universe, shown by hand, or by its own threads (``start``)."""
    from stupidArtnet import StupidArtnet

    senders = [
        StupidArtnet("127.0.0.1", universe, 512, FPS, True, False, port=port) for universe in range(universes)
    ]
    data = [bytearray(one) for one in frames()]

    for sender in senders if threads else ():
        sender.start()

    def send(number: int) -> None:
        for universe, sender in enumerate(senders):
            sender.set(data[(number + universe) % 64])
            if not threads:
                sender.show()

    paced(seconds, send)
    for sender in senders if threads else ():
        sender.stop()


def send_pyartnet(port: int, universes: int, seconds: float) -> None:
    """The library ``pyartnet``: asyncio, set values and let it refresh."""
    import pyartnet

    async def play() -> None:
        node = pyartnet.ArtNetNode.create("127.0.0.1", port, max_fps=FPS, refresh_every=0)
        async with node:
            channels = [node.add_universe(universe).add_channel(1, 512) for universe in range(universes)]
            data = [list(one) for one in frames()]
            start = begin()
            for number in range(round(seconds * FPS)):
                await asyncio.sleep(max(0.0, start + number / FPS - time.monotonic()))
                for universe, channel in enumerate(channels):
                    channel.set_values(data[(number + universe) % 64])

    asyncio.run(play())


def worker(name: str, port: int, universes: int, seconds: float) -> None:
    """Run one sender and print its CPU seconds."""
    kinds: dict[str, Callable[[int, int, float], None]] = {
        "beatomizer sacn": lambda *rest: send_ours("sacn", *rest),
        "beatomizer artnet": lambda *rest: send_ours("artnet", *rest),
        "sacn": send_sacn,
        "stupidArtnet": send_stupid_artnet,
        "stupidArtnet start": lambda port, count, time_s: send_stupid_artnet(port, count, time_s, True),
        "pyartnet": send_pyartnet,
    }
    kinds[name](port, universes, seconds)
    print(json.dumps({"cpu": time.process_time() - _began[1], "wall": time.monotonic() - _began[0]}))


def measure(name: str, universes: int, seconds: float) -> str:
    """One row."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(0.2)
    port = receiver.getsockname()[1]
    command = [sys.executable, __file__, "--worker", name, str(port), str(universes), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        moments, count = list[float](), 0
        while process.poll() is None or (moments[-1:] and time.monotonic() - moments[-1] < 0.1):
            try:
                data = receiver.recv(2048)
            except TimeoutError:
                continue
            if len(data) >= 500:
                count += 1
                first = data[14:16] == b"\1\0" if data[:3] == b"Art" else data[113:115] == b"\0\1"
                if first or (universes == 1):
                    moments.append(time.monotonic())
        assert process.stdout
        told = process.stdout.read().strip()
    receiver.close()
    if not told:
        return f"{name:<18} {universes:>4}   failed"
    facts = json.loads(told.splitlines()[-1])
    gaps = np.diff(moments) * 1000 if len(moments) > 2 else np.array([float("nan")])
    share = 100 * count / (seconds * FPS * universes)
    return (
        f"{name:<18} {universes:>4} {100 * facts['cpu'] / facts['wall']:>7.1f} % {np.percentile(gaps, 50):>9.2f}"
        f" {np.percentile(gaps, 99):>9.2f} {np.percentile(gaps, 99.9):>9.2f} {share:>9.1f} %"
    )


def main() -> int:
    """Print the table."""
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        worker(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--universes", type=int, nargs="+", default=[1, 10, 100])
    asked = parser.parse_args()
    os.environ.setdefault("BEATOMIZER_SETTINGS", tempfile.mkdtemp())
    print(f"{'sender':<18} univ     CPU    gap p50   gap p99     p99.9   packets (ideal gap 16.67 ms, 100 %)")
    for universes in asked.universes:
        for name in SENDERS:
            if importlib.util.find_spec(NEEDS.get(name, "beatomizer")) is None:
                print(f"{name:<18} {universes:>4}   not installed")
                continue
            print(measure(name, universes, asked.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
    raise SystemExit(main())
