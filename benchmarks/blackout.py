"""How long lights stay lit after the end, by whatever it comes, as receivers on loopback see it.

    python benchmarks/blackout.py                    ten repeats of each way to end, about three minutes
    python benchmarks/blackout.py --repeats 3 --only kill

``beatomizer play`` lights four receivers at once: sACN and Art-Net at OLA (Debian packages ``ola``, ``dbus-daemon``),
DDP at the tests' lamp, and a stand-in for a WLED that answers ``/json/info`` and reads DDP. Then it ends: by a key,
by ``--for`` (``live``), Ctrl-C, SIGTERM, an exception of the leader, kill -9 of the leader, of the output process, and
of the whole group with ``--watchdog``. Printed for each way and protocol: median and worst milliseconds from that
moment to the first dark frame after the last lit one, beside what must hold. Exit code 1 if any is over its must.

Where OLA's ports are taken, run it in a network of its own (Linux, root):
``unshare -n sh -c 'ip link set lo up; ip tuntap add t0 mode tap; ip addr add 10.99.0.1/24 dev t0; ip link set t0 up;
TMPDIR=$(mktemp -d) python benchmarks/blackout.py'`` (OLA wants an interface besides loopback; nothing leaves it).
"""

import argparse
import contextlib
import http.server
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from beatomizer.arrays import F64
from tests.lamps import ROOT, Lamp, children, cue_list, end
from tests.ola_receiver import Ola, missing, running_ola
from tests.songs import beat_song, write_wav

MUST_S = {"exit": 1.0, "crash": 1.0, "kill": 1.5}
AMBITIOUS_S = 0.5
_NEVER_S = 5.0
"""After so long a light that is still lit counts as never dark."""

_RAISES = """
import signal, sys
def fall(*_): raise RuntimeError("fell over")
signal.signal(signal.SIGUSR1, fall)
from beatomizer.cli.program import run
sys.exit(run(sys.argv[1:]))
"""
"""The program as it is, in which an exception can be made to happen wherever the leader is."""


class Wled(http.server.ThreadingHTTPServer):
    """The web side of a WLED whose light is a lamp of the tests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.daemon_threads = True


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """What a WLED answers."""
        info = {"name": "bench", "ver": "16", "udpport": 21324, "leds": {"count": 8, "rgbw": False}}
        told = json.dumps(info if self.path.endswith("info") else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Silence."""


@dataclass
class Receiver:
    """One protocol: where light is sent, and what has come so far, as times and whether it was lit."""

    name: str
    url: str
    seen: Callable[[], list[tuple[float, bool]]]

    def is_lit(self) -> bool:
        """Whether its last thirty frames were."""
        last = self.seen()[-30:]
        return len(last) == 30 and all(lit for _, lit in last)

    def dark_s(self, since_s: float) -> float:
        """When, after a moment, its last lit frame was followed by a dark one; infinite if it never was."""
        frames = self.seen()
        lit = max((number for number, (_, is_lit) in enumerate(frames) if is_lit), default=-1)
        return frames[lit + 1][0] - since_s if 0 <= lit < len(frames) - 1 else float("inf")


@contextlib.contextmanager
def receivers() -> Iterator[list[Receiver]]:
    """All four, or the two that need no OLA."""
    with contextlib.ExitStack() as stack:
        ddp, wled = stack.enter_context(Lamp()), stack.enter_context(Lamp())
        web = stack.enter_context(Wled())
        threading.Thread(target=web.serve_forever, daemon=True).start()
        stack.callback(web.shutdown)
        found = [
            Receiver("ddp", ddp.url, lambda: _of_lamp(ddp)),
            Receiver(
                "wled",
                f"wled://127.0.0.1:{wled.port}?http={web.server_port}",
                lambda: _of_lamp(wled),
            ),
        ]
        if missing():
            print(f"without sACN and Art-Net: not installed: {missing()}")
        else:
            ola = stack.enter_context(running_ola())
            ola.patch("E1.31", 1)
            ola.patch("ArtNet", 2)
            ola.listen(1, 2)
            found.insert(0, Receiver("artnet", "artnet://127.0.0.1?universe=2", lambda: _of_ola(ola, 2)))
            found.insert(0, Receiver("sacn", "sacn://127.0.0.1?universe=1", lambda: _of_ola(ola, 1)))
        yield found


def _of_lamp(lamp: Lamp) -> list[tuple[float, bool]]:
    return [(at, bool(colour.any())) for at, colour in zip(list(lamp.times), list(lamp.colours))]


def _of_ola(ola: Ola, universe: int) -> list[tuple[float, bool]]:
    return [(at, any(slots)) for at, slots in list(ola.frames[universe])]


@dataclass(frozen=True)
class Way:
    """A way to end.

    Attributes:
        name: for people.
        kind: a key of ``MUST_S``.
        end: ends it, given the process and the terminal it reads keys from; the moment at which that was.
            ``None``: it ends by itself, after ``FOR_S``.
        words: more of the command line.
    """

    name: str
    kind: str
    end: Callable[["subprocess.Popen[str]", int], float] | None
    words: tuple[str, ...] = ()


def _key(process: "subprocess.Popen[str]", terminal: int) -> float:
    os.write(terminal, b"q")
    return time.monotonic()


def _signal(number: int) -> Callable[["subprocess.Popen[str]", int], float]:
    def send(process: "subprocess.Popen[str]", terminal: int) -> float:
        sent_s = time.monotonic()
        process.send_signal(number)
        return sent_s

    return send


def _group(number: int) -> Callable[["subprocess.Popen[str]", int], float]:
    def send(process: "subprocess.Popen[str]", terminal: int) -> float:
        sent_s = time.monotonic()
        os.killpg(process.pid, number)
        return sent_s

    return send


def _hand(process: "subprocess.Popen[str]", terminal: int) -> float:
    (hand,) = [pid for pid, words in children(process.pid).items() if "stagehand" in words]
    sent_s = time.monotonic()
    os.kill(hand, signal.SIGKILL)
    return sent_s


FOR_S = 6.0

WAYS = (
    Way("key q", "exit", _key),
    Way("live --for", "exit", None, ("--for", str(FOR_S))),
    Way("Ctrl-C", "exit", _group(signal.SIGINT)),
    Way("SIGTERM", "exit", _signal(signal.SIGTERM)),
    Way("exception", "crash", _signal(signal.SIGUSR1)),
    Way("kill -9 leader", "crash", _signal(signal.SIGKILL)),
    Way("kill -9 output process", "crash", _hand),
    Way("kill -9 all, watchdog", "kill", _group(signal.SIGKILL), ("--watchdog",)),
)


def once(way: Way, lamps: list[Receiver], folder: Path) -> list[float]:
    """One evening that ends this way: seconds until dark, one for each receiver."""
    to = [word for lamp in lamps for word in ("--to", lamp.url)]
    if way.end is None:
        words = ["live", "--from", str(folder / "song.wav"), *to, *way.words]
    else:
        words = ["play", str(folder / "even.json"), "--no-audio", *to, *way.words]
    ours, theirs = pty.openpty()
    counts = [len(lamp.seen()) for lamp in lamps]
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", _RAISES, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        if way.end is None:
            sent_s = _live_end(process)
        else:
            _wait(lambda: all(lamp.is_lit() for lamp in lamps) and _grew(lamps, counts), began_s + 30.0)
            sent_s = way.end(process, ours)
        until_s = sent_s + _NEVER_S
        while time.monotonic() < until_s and any(lamp.dark_s(sent_s) == float("inf") for lamp in lamps):
            time.sleep(0.02)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        time.sleep(0.4)  # nothing lit may follow
        return [lamp.dark_s(sent_s) for lamp in lamps]
    finally:
        end(process)
        os.close(ours)


def _live_end(process: "subprocess.Popen[str]") -> float:
    """The moment at which ``--for`` is over: its time begins soon after the line that names the source."""
    assert process.stdout is not None
    assert "listening" in process.stdout.readline()
    return time.monotonic() + FOR_S


def _grew(lamps: list[Receiver], counts: list[int]) -> bool:
    return all(len(lamp.seen()) >= count + 40 for lamp, count in zip(lamps, counts))


def _wait(happened: Callable[[], bool], until_s: float) -> None:
    while not happened():
        if time.monotonic() > until_s:
            raise TimeoutError("the lights were never lit")
        time.sleep(0.02)


def main() -> int:
    """Measure, print a table; 1 if a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--only", default="", metavar="PART", help="ways whose name has this in it")
    asked = parser.parse_args()
    os.environ.setdefault("BEATOMIZER_SETTINGS", tempfile.mkdtemp())
    failed = False
    with receivers() as lamps, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cue_list(folder / "even.json")
        write_wav(folder / "song.wav", beat_song(30.0))
        print(
            f"{'ms until dark: median / worst':<30}"
            + "".join(f"{lamp.name:>16}" for lamp in lamps)
            + "    must"
        )
        for way in WAYS:
            if asked.only not in way.name:
                continue
            late: F64 = 1000 * np.array([once(way, lamps, folder) for _ in range(asked.repeats)])
            row = [f"{np.median(column):.0f} / {column.max():.0f}" for column in late.T]
            must_ms = 1000 * MUST_S[way.kind]
            failed = failed or bool(late.max() > must_ms)
            verdict = (
                "OVER"
                if late.max() > must_ms
                else "ambitious"
                if late.max() <= 1000 * AMBITIOUS_S
                else "kept"
            )
            print(
                f"{way.name:<30}" + "".join(f"{cell:>16}" for cell in row) + f"    {must_ms:.0f} {verdict}",
                flush=True,
            )
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
