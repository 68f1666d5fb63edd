"""What really comes out of lamps, judged again: after rounding to 8 linear bits, and from two outputs at once.

    python benchmarks/room_light.py [--music DIR] [--songs 10] [--seconds 120]

``play`` limits light in sRGB values of 8 bits, for each group of outputs with one offset. What happens after that:

* a linear lamp gets ``round(255 · light)``, which is coarse near black (``gamma=srgb`` and 16-bit lamps: not);
  behind the product's second limiter (``as sent``) that is judged too;
* once, linear lamps got sRGB values (``sRGB sent to linear``): washed out, dim changes too large;
* a viewer who sees two outputs of different offsets gets both at once.

For each song: its show as ``full`` makes it, limited for rooms as ``play`` does; then the songs and the share of time
in which the rules are broken by the lamps' own light, and by the mean of two outputs that are so many ms apart.
The rules are those of ``broadcast`` where white is 1,000 cd/m², without the limiter's margins. ``DIR`` holds songs
(default: ``../shared/music``); where there is none, one is composed.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import rgb8_to_linear
from beatomizer.line import render_song
from beatomizer.outputs.lights.light import LightFrame
from beatomizer.outputs.lights.resample import Resampler
from beatomizer.rig.fixture import KINDS, Calibration, Slot
from beatomizer.rig.mixing import slot_bytes
from beatomizer.rig.patch import DmxPatch, plain_fixtures
from beatomizer.rig.seen import Seen
from beatomizer.safety.judge import judge_signals
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.profiles import PROFILES
from beatomizer.safety.signals import signals_of, with_stage
from beatomizer.timebase import FPS
from song_files import long_mp3

ROOMS = PROFILES["broadcast"].for_rooms()
APART_MS = (17, 33, 50, 67, 83, 100, 133, 167, 200, 250)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", default="../shared/music")
    parser.add_argument("--songs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=120.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        songs = sorted(Path(asked.music).glob("*.ogg")) if Path(asked.music).is_dir() else []
        if not songs:
            songs = [long_mp3(Path(folder) / f"{number}.mp3", asked.seconds) for number in range(1)]
        shows = [
            limited(song, asked.seconds)
            for song in songs[:: max(1, len(songs) // asked.songs)][: asked.songs]
        ]
    minutes = sum(len(show) for show in shows) / FPS / 60
    print(
        f"{len(shows)} songs, {minutes:.1f} minutes, broken: songs, seconds of all, most in one song, rules"
    )
    row("as limited", [rgb8_to_linear(show) for show in shows])
    row("sRGB sent to linear", [show / 255.0 for show in shows])
    for name, slots, gamma in (
        ("linear, 8 bits", KINDS["rgb"], 1.0),
        ("gamma 2.2, 8 bits", KINDS["rgb"], 2.2),
        ("linear, dimmer + RGB", KINDS["drgb"], 1.0),
        ("linear, 16 bits", tuple(Slot(s.meaning, fine=f) for s in KINDS["rgb"] for f in (False, True)), 1.0),
    ):
        row(name, [emitted(show, slots, gamma) for show in shows])
    patch = DmxPatch(plain_fixtures(shows[0].shape[1], 1), shows[0].shape[1], 1, 63999)
    for name, fps in (("the first, as sent, 60", 60.0), ("the first, as sent, 40", 40.0)):
        row(name, [as_sent(show, fps, patch.seen) for show in shows])
    for apart_ms in APART_MS:
        row(f"two, {apart_ms} ms apart", [two(show, round(apart_ms * FPS / 1000)) for show in shows])


def limited(song: Path, seconds: float) -> U8:
    """What leaves ``play`` with an even offset: uint8 ``[T, Z, 3]``, from the song's middle if it is long."""
    show = render_song(str(song)).show.rgb8
    frames = round(seconds * FPS)
    start = max(0, (len(show) - frames) // 2)
    part = show[start : start + frames]
    return Limiter(part.shape[1], ROOMS).run(part)


def emitted(rgb8: U8, slots: tuple[Slot, ...], gamma: float) -> F64:
    """The light of RGB lamps with such slots: linear ``[T, Z, 3]``."""
    colors = rgb8_to_linear(rgb8).reshape(-1, 3)
    values = slot_bytes(colors, slots, Calibration(gamma)).astype(np.float64)
    if any(slot.fine for slot in slots):
        light: F64 = ((values[:, ::2] * 256 + values[:, 1::2]) / 65535.0) ** gamma
    else:
        light = (values / 255.0) ** gamma
    if slots[0].meaning == "dimmer":
        light = light[:, :1] * light[:, 1:]
    shaped: F64 = light.reshape(rgb8.shape)
    return shaped


def as_sent(rgb8: U8, fps: float, seen: Seen) -> F64:
    """The light of linear lamps of 8 bits behind the product's second limiter, each picture held until the next."""
    resampler, held, shown = Resampler(rgb8.shape[1], fps, ROOMS, seen), np.zeros_like(rgb8[0]), []
    for frame in rgb8:
        sent = resampler.push(LightFrame(frame))
        held = held if sent is None else sent.rgb8
        shown.append(held)
    return emitted(np.stack(shown), KINDS["rgb"], 1.0)


def two(rgb8: U8, apart: int) -> F64:
    """Two outputs of the same zones, the second so many frames later, as one light each zone."""
    light = rgb8_to_linear(rgb8)
    late = np.concatenate([np.repeat(light[:1], apart, axis=0), light[: len(light) - apart]])
    mean: F64 = 0.5 * (light + late)
    return mean


def row(name: str, lights: list[F64]) -> None:
    """Judge and print one line."""
    failed, rules = [], set[str]()
    for light in lights:
        verdict = judge_signals(signals_of(with_stage(light)), ROOMS)
        failed.append(int(verdict.failed_frames.sum()))
        rules |= {rule for rule, where in verdict.broken.items() if where.any()}
    frames = sum(len(light) for light in lights)
    songs = sum(count > 0 for count in failed)
    share, most_s = 100 * sum(failed) / frames, max(failed) / FPS
    print(f"{name:<22} {songs:>3} {share:>7.2f} % {most_s:>6.1f} s  {', '.join(sorted(rules))}", flush=True)


if __name__ == "__main__":
    main()
