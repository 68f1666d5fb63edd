"""What safety costs: the streaming limiter a frame, the batch judge, and ``limit`` for whole songs.

    python benchmarks/limiter.py

Prints medians beside the figures they are held to.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import linear_to_rgb8
from beatomizer.cues.cuelist import Beat, CueList
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.safety.limiter import Limiter
from beatomizer.show.show import Show
from beatomizer.timebase import FPS

_SONG_S = 240
_COLORS = np.array([[1.0, 1.0, 1.0], [1.0, 0.2, 0.05], [0.1, 0.3, 1.0], [0.6, 0.0, 1.0]])


def song(zones: int, bpm: float = 128.0, every_beat: bool = True) -> Show:
    """Pulses with changing colours, on every beat in all zones, or zone after zone."""
    t = np.arange(_SONG_S * FPS) / FPS
    period = 60.0 / bpm
    beat = np.floor(t / period).astype(int)
    decay = np.exp(-(t % period) / 0.12)
    turn = np.ones((len(t), zones)) if every_beat else (beat[:, None] % zones == np.arange(zones))
    linear = (0.03 + 0.97 * decay)[:, None, None] * turn[..., None] * _COLORS[beat // 32 % 4][:, None]
    beats = tuple(Beat(index * period, index % 4 + 1) for index in range(int(_SONG_S / period)))
    return Show(linear_to_rgb8(linear), CueList(float(_SONG_S), beats=beats))


def strobe(zones: int) -> Show:
    """Full white at 15 Hz for a whole song: nothing worse can be asked."""
    on = np.arange(_SONG_S * FPS) // 2 % 2 == 1
    rgb8: U8 = np.repeat(
        np.repeat(np.where(on, 255, 0).astype(np.uint8)[:, None, None], zones, axis=1), 3, axis=2
    )
    return Show(rgb8)


def frame_ms(wanted: U8) -> float:
    """Median milliseconds of one ``step``."""
    limiter, spent = Limiter(wanted.shape[1]), []
    for frame in wanted:
        start = time.perf_counter()
        limiter.step(frame)
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Median seconds of ``work``."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def main() -> None:
    """Print the table."""
    for zones, most_ms in ((1, 0.2), (8, 0.5)):
        for name, show in (("beat pulses", song(zones)), ("15 Hz strobe", strobe(zones))):
            print(
                f"step, {zones} zones, {name:12}: {frame_ms(show.rgb8[:3600]):6.3f} ms a frame (at most {most_ms})"
            )
    chase, pulses, worst = song(8, every_beat=False), song(8), strobe(8)
    print(
        f"judge, {_SONG_S} s, 9 regions: {seconds(lambda: judge(_nine(pulses.rgb8))):6.3f} s (at most 0.25)"
    )
    print(f"limit, {_SONG_S} s, 8 zones, safe already: {seconds(lambda: limit(chase)):6.3f} s (at most 0.4)")
    print(
        f"limit, {_SONG_S} s, 8 zones, every beat  : {seconds(lambda: limit(pulses), 3):6.3f} s (at most 0.4)"
    )
    spent_s = seconds(lambda: limit(worst), 1)
    print(
        f"limit, {_SONG_S} s, 8 zones, 15 Hz strobe: {spent_s:6.3f} s, {1000 * spent_s / 14400:.3f} ms a frame (1)"
    )
    print("beats visible after limiting, white pulses on every beat:")
    for bpm in (90, 100, 110, 120, 128, 140, 150, 160, 174, 180):
        report = limit(song(8, bpm)).report
        print(
            f"  {bpm} BPM: {100 * report.beats_visible / report.beats:5.1f} % (at least 98); {report.line()}"
        )


def _nine(rgb8: U8) -> U8:
    return np.concatenate([rgb8, rgb8[:, :1]], axis=1)


if __name__ == "__main__":
    main()
