"""From a kick in what the computer plays to packets, with the shipped ``live`` model, through a real sound server.

    python benchmarks/live_pulse.py [--seed 3] [--style house]

A composed song is played into a null sink of a private PulseAudio (Debian: ``pulseaudio``, ``pulseaudio-utils``). Its
monitor is heard twice: by ``live``'s own line (capture, gain, features, model, oscillator, director, stage, limiter,
ring, output process, socket) and by an independent recorder, whose clock all figures refer to. Printed, in ms:

* *heard*: from a kick's onset to the packet of the first frame that has heard it, told by the frame's number;
* *beats*: from a beat as it was composed to the packet that counts it, ten seconds into the song and later. ``live``
  foresees beats and means to show them 30 ms early: the nearest one counts, and *hit* is the share within 70 ms.

LedFx's effects need 67 to 90 ms from a kick to their light (``docs/peers.md``).
"""

import argparse
import os
import socket
import struct
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from beatomizer.arrays import F32
from beatomizer.audio.capture.find import open_capture
from beatomizer.audio.capture.rate import StreamResampler
from beatomizer.audio.capture.watched import WatchedCapture
from beatomizer.composer.annotations import ONSET_CLASSES
from beatomizer.composer.compose import compose
from beatomizer.inference.engines import load_engine
from beatomizer.live.follower import LiveEngine, LiveFollower
from beatomizer.player.board import Wishes
from beatomizer.player.clock import Anchor
from beatomizer.player.following import Following, leads, warm
from beatomizer.player.hands import Hands
from beatomizer.player.output import OutputProcess
from beatomizer.player.plan import Plan
from beatomizer.timebase import FPS, HOP
from tests.pulse_server import MISSING, Ear, PulseServer

RATE = 48_000
_SILENCE_S, _APART_S, _KNOWN_S = 1.5, 1.0, 10.0
"""Before a click that clocks are compared by; from there to the song; and into it, by when the beat is known."""

_BUFFER_MS = 500
"""Of the player: on a busy machine a short one runs dry, and then the song stands still."""

_TIME = b"/beatomizer/time\0\0\0\0,f\0\0"
_BEAT = b"/beatomizer/beat\0\0\0\0,i\0\0"
_HIT_MS = 70.0


class Receiver(threading.Thread):
    """Every datagram to a port of loopback, and when it came."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.got: list[tuple[float, bytes]] = []
        self.start()

    def run(self) -> None:
        """Receive."""
        while True:
            data = self._socket.recv(65535)
            self.got.append((time.monotonic(), data))


@dataclass
class Noted(Following):
    """Follows, and remembers at which sample of its own the song began."""

    heard: int = 0
    began: int | None = None
    left_out: list[tuple[int, int]] = field(default_factory=list)
    kept: list[F32] = field(default_factory=list)

    def hear(self, samples: F32, at_s: float) -> None:
        """Look for the first loud sample, then go on as ever."""
        loud = np.flatnonzero(np.abs(samples) > 0.05)
        if self.began is None and len(loud):
            self.began = self.heard + int(loud[0])
        self.kept.append(samples)
        super().hear(samples, at_s)
        self.heard += len(samples)
        self.left_out.append((self.heard, self._skipped))

    def frame_of(self, since_s: float) -> int:
        """The first frame that has heard the moment ``since_s`` after the song's first sample."""
        assert self.began is not None
        sample = self.began + since_s * FPS * HOP
        skipped = next((skipped for end, skipped in self.left_out if end > sample), 0)
        return int((sample - skipped) // HOP)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--style", default="house")
    asked = parser.parse_args()
    if MISSING:
        print(f"not installed: {', '.join(MISSING)}")
        return
    song = compose(asked.seed, style=asked.style, form="build-drop")
    frames = Receiver()
    with tempfile.TemporaryDirectory() as folder, PulseServer(Path(folder)) as server:
        os.environ.update(server.environment)
        ear = Ear(server)
        following = followed(server, played(song.samples), f"osc://127.0.0.1:{frames.port}")
        ear.close()
    start_s = ear.clicks[0] + _APART_S
    late = Lateness(following, played(song.samples))
    kicks_s = [at_s + late(at_s) for at_s in song.annotations.onsets[ONSET_CLASSES[0]]]
    report(
        "heard", [packet_s(frames, following.frame_of(_APART_S + at_s)) - start_s - at_s for at_s in kicks_s]
    )
    told_s = np.array([at_s - start_s for at_s in beats_s(frames)])
    true_s = [at_s + late(at_s) for at_s, _ in song.annotations.beats if at_s > _KNOWN_S]
    off_s = [float(told_s[np.argmin(np.abs(told_s - at_s))]) - at_s for at_s in true_s]
    hits = [value for value in off_s if abs(value) < _HIT_MS / 1000]
    report("beats", hits)
    left_out_s = following._skipped / (FPS * HOP)
    print(f"hit {100 * len(hits) / len(true_s):.0f} % of {len(true_s)} beats of '{song.title}'")
    moved_ms = 1000 * late(1e9)
    print(
        f"the sound server moved the song by {moved_ms:.0f} ms (reckoned with), {left_out_s:.1f} s were left out"
    )
    print(f"load {os.getloadavg()[0]:.1f}")


class Lateness:
    """By how much the song was late when it was heard: on a busy machine a sound server stands still now and then."""

    def __init__(self, following: Noted, song: F32) -> None:
        rate, heard = round(FPS * HOP), np.concatenate(following.kept)
        plain = StreamResampler(RATE).push(song)
        first = int(np.flatnonzero(np.abs(plain) > 0.05)[0])
        assert following.began is not None
        self._places_s = np.arange(_APART_S, len(song) / RATE - _SILENCE_S - 2.0, 1.0)
        found, last = list[float](), 0.0
        for place_s in self._places_s:
            begin = first + round(place_s * rate)
            here = following.began + round((place_s + last) * rate)
            last += _lag(plain[begin : begin + rate], heard[here - rate // 2 : here + 3 * rate // 2]) / rate
            found.append(last)
        self._late_s = np.array(found)

    def __call__(self, song_s: float) -> float:
        """Seconds, at a place of the song."""
        place = int(np.searchsorted(self._places_s, song_s + _APART_S, side="right")) - 1
        return float(self._late_s[min(max(place, 0), len(self._late_s) - 1)])


def _lag(piece: F32, around: F32) -> int:
    """By how many samples ``piece`` lies later than in the middle of ``around``, which is twice as long."""
    if len(around) < 2 * len(piece) or not np.any(piece):
        return 0
    size = len(around) + len(piece)
    product = np.fft.rfft(around, size) * np.conj(np.fft.rfft(piece, size))
    return int(np.argmax(np.fft.irfft(product, size)[: len(piece)])) - len(piece) // 2


def played(samples: F32) -> F32:
    """Silence, a click, silence, the song in one channel."""
    lead = np.zeros(round((_SILENCE_S + _APART_S) * RATE), dtype=np.float32)
    lead[round(_SILENCE_S * RATE) :][:96] = 0.5
    return np.concatenate([lead, samples.mean(axis=1, dtype=np.float32)])


def followed(server: PulseServer, song: F32, url: str) -> Noted:
    """Let ``live`` follow while the song plays."""
    engine = load_engine("live")
    assert isinstance(engine, LiveEngine)
    follower = LiveFollower(engine, lead_ms=1000.0 * leads([], 0.0)[0])
    plan = Plan((url,), follower.style.zones, "broadcast", live=True)
    with OutputProcess(plan, Wishes(Anchor(0.0, 0.0, 0.0), idle=True, offsets_s=(0.0,))) as output:
        following = Noted(
            WatchedCapture(lambda: open_capture("computer")), follower, output, Hands((url,), [0.0])
        )
        following.until_s = len(song) / RATE + 1.0
        warm(follower)
        player = server.play(song, RATE, _BUFFER_MS)
        try:
            following.run()
        finally:
            following.capture.close()
            player.kill()
            player.wait()
    return following


def packet_s(frames: Receiver, number: int) -> float:
    """When the packet of a frame, or of the next that was shown, came."""
    for at_s, data in frames.got:
        place = data.find(_TIME)
        if place >= 0 and round(struct.unpack_from(">f", data, place + len(_TIME))[0] * FPS) >= number:
            return at_s
    return float("nan")


def beats_s(frames: Receiver) -> list[float]:
    """When the counter of beats moved on."""
    found, last = list[float](), -1
    for at_s, data in frames.got:
        place = data.find(_BEAT)
        if place >= 0 and (count := struct.unpack_from(">i", data, place + len(_BEAT))[0]) != last:
            found, last = [*found, at_s], count
    return found


def report(name: str, values_s: list[float]) -> None:
    """One line."""
    values = 1000 * np.array([value for value in values_s if np.isfinite(value)])
    if not len(values):
        print(f"{name}: nothing")
        return
    p10, median, p90, p99 = np.percentile(values, [10, 50, 90, 99])
    print(f"{name}: median {median:.1f} ms, p10 {p10:.1f}, p90 {p90:.1f}, p99 {p99:.1f}; {len(values)} times")


if __name__ == "__main__":
    main()
