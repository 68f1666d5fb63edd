"""The director: frame rate, when which camera is on, how it moves, and how far sound and picture are apart.

Times: the picture at ``pts`` shows the moment ``pts − offset_s`` of the song, so a positive offset is a picture that
comes late. Cuts fall on bars and beats as an editor sets them, a little off, and never where the stage is dark: nobody
cuts from black to black, and nobody could see it.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from beatomizer.arrays import F64
from beatomizer.dataset.compose.camera import MARGIN
from beatomizer.dataset.compose.song_view import SongView
from beatomizer.timebase import FPS

RATES = ("24", "25", "30000/1001", "30", "50", "60", "variable")
"""Frame rates of films; ``variable`` is about 30 with uneven steps and dropped frames, as telephones record."""

_RATE_SHARES = (0.16, 0.16, 0.2, 0.2, 0.08, 0.1, 0.1)

LARGEST_OFFSET_S = 0.2

VARIABLE_TICKS = 90_000
"""Ticks a second of the time stamps of variable rate: those of broadcast transport streams."""

_LIT = 0.004
"""Mean linear luminance of the lights from which on a cut can be seen."""

_SHORTEST_SHOT_S = 1.2


@dataclass(frozen=True)
class Move:
    """How a view moves on its canvas during a shot.

    Attributes:
        start, end: middle of the view ``x``, ``y`` (shares of the spare margin, −1..1) and zoom (1 = as planned).
        shake: amplitude of a hand's tremble, share of the margin.
        phase: two numbers that tell one hand from another.
    """

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    shake: float
    phase: tuple[float, float]

    @property
    def still(self) -> bool:
        """Whether every picture of the shot has the same view."""
        return self.start == self.end and self.shake == 0.0

    def box(self, share: float, time_s: float, canvas: tuple[int, int]) -> tuple[float, float, float, float]:
        """The part of a canvas of that size that is shown: left, top, right, bottom, in points.

        Args:
            share: how far the shot is, 0..1.
            time_s: for the hand.
            canvas: width and height.
        """
        eased = share * share * (3 - 2 * share)
        x, y, zoom = (a + (b - a) * eased for a, b in zip(self.start, self.end, strict=True))
        x += self.shake * (np.sin(2.1 * time_s + self.phase[0]) + 0.5 * np.sin(5.3 * time_s + self.phase[1]))
        y += self.shake * (np.cos(1.7 * time_s + self.phase[1]) + 0.4 * np.sin(6.1 * time_s + self.phase[0]))
        size = min(1.0, 1 / (MARGIN * zoom))
        spare = (1 - size) / 2
        left, top = 0.5 - size / 2 + spare * np.clip(x, -1, 1), 0.5 - size / 2 + spare * np.clip(y, -1, 1)
        width, height = canvas
        return left * width, top * height, (left + size) * width, (top + size) * height


@dataclass(frozen=True)
class Shot:
    """From one cut to the next.

    Attributes:
        start: number of its first video frame.
        camera: which one.
        move: what the camera does.
    """

    start: int
    camera: int
    move: Move


@dataclass(frozen=True)
class Direction:
    """Everything about one film but its stage.

    Attributes:
        rate: one of ``RATES``.
        pts: ``[K]`` whole ticks of ``tick_s``, when each video frame is shown.
        tick_s: exact.
        offset_s: the picture comes so much after the sound.
        shots: in order; the first starts at frame 0.
        shutter_s: how long each picture gathers light.
        letterbox: share of the height that is black above and below, together.
        phones: flashes of telephones in the crowd a second.
        auto_exposure: 0..1, how far the camera evens out light and dark.
        quantiser: of the encoder, 20 fine … 28 coarse.
    """

    rate: str
    pts: tuple[int, ...]
    tick_s: Fraction
    offset_s: float
    shots: tuple[Shot, ...]
    shutter_s: float
    letterbox: float
    phones: float
    auto_exposure: float
    quantiser: int

    @property
    def times(self) -> F64:
        """``[K]`` seconds."""
        return np.array(self.pts, dtype=np.float64) * float(self.tick_s)

    @property
    def cuts_s(self) -> tuple[float, ...]:
        """When the first picture of every shot but the first is shown."""
        times = self.times
        return tuple(float(times[shot.start]) for shot in self.shots[1:])

    def flags(self) -> tuple[str, ...]:
        """What is odd about this film, in words."""
        named = {
            "letterbox": self.letterbox > 0,
            "variable rate": self.rate == "variable",
            "one camera": len(self.shots) == 1,
            "handheld": any(shot.move.shake > 0 for shot in self.shots),
            "phones": self.phones > 0,
            "auto exposure": self.auto_exposure > 0.2,
        }
        return tuple(name for name, is_so in named.items() if is_so)


def directed(view: SongView, level: F64, cameras: int, rng: np.random.Generator) -> Direction:
    """Plan a film by chance.

    Args:
        view: the song.
        level: ``[T]`` mean luminance of the lights at 60 frames a second.
        cameras: how many there are; the first shows everything.
        rng: decides.
    """
    rate = str(rng.choice(RATES, p=np.array(_RATE_SHARES) / sum(_RATE_SHARES)))
    pts, tick = time_stamps(rate, view.song.duration_s, rng)
    times = np.array(pts) * float(tick)
    offset = float(np.round(rng.uniform(-LARGEST_OFFSET_S, LARGEST_OFFSET_S), 4))
    handheld = float(rng.choice([0.0, 0.0, 0.12, 0.3]))
    starts = _cuts(view, level, offset, times, rng) if cameras > 1 else []
    moves = rng.uniform(0.2, 0.9)
    shots, camera = [Shot(0, 0, _move(moves, handheld, rng))], 0
    for start in starts:
        others = [other for other in range(cameras) if other != camera]
        camera = 0 if camera and rng.random() < 0.3 else int(rng.choice(others))
        shots.append(Shot(start, camera, _move(moves, handheld, rng)))
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 30
    return Direction(
        rate=rate,
        pts=pts,
        tick_s=tick,
        offset_s=offset,
        shots=tuple(shots),
        shutter_s=step_s * float(rng.choice([0.25, 0.5, 0.5, 0.9])),
        letterbox=float(rng.choice([0.0, 0.0, 0.0, 0.24])),
        phones=float(rng.choice([0.0, 0.3, 1.5])),
        auto_exposure=float(rng.choice([0.0, 0.0, 0.3, 0.7])),
        quantiser=int(rng.integers(20, 28)),
    )


def time_stamps(rate: str, duration_s: float, rng: np.random.Generator) -> tuple[tuple[int, ...], Fraction]:
    """When each video frame is shown: ``[K]`` whole ticks, and how long a tick is, exactly."""
    if rate != "variable":
        tick = 1 / Fraction(rate)
        return tuple(range(max(1, int(duration_s / tick)))), tick
    steps = rng.normal(1.0, 0.08, int(duration_s * 30) + 2).clip(0.6, 1.6)
    steps += rng.random(len(steps)) < 0.02  # a frame that the telephone did not manage to write
    ticks = np.concatenate([[0], np.cumsum(np.round(steps * VARIABLE_TICKS / 30).astype(np.int64))])
    return tuple(int(tick) for tick in ticks[ticks < duration_s * VARIABLE_TICKS]), Fraction(
        1, VARIABLE_TICKS
    )


def _cuts(view: SongView, level: F64, offset_s: float, times: F64, rng: np.random.Generator) -> list[int]:
    """Numbers of the video frames that open a new shot."""
    length = float(rng.choice([0.0, 12.0, 7.0, 4.0, 2.5], p=[0.15, 0.2, 0.3, 0.25, 0.1]))
    if not length:
        return []
    starts: list[int] = []
    last = 0.0
    while (wish := last + max(_SHORTEST_SHOT_S, float(rng.gamma(6.0, length / 6.0)))) < times[-1] - 1.5:
        grid = view.bars(0.0, 1e9) if rng.random() < 0.6 else view.beats
        cut = float(grid[np.argmin(np.abs(grid - wish))]) if rng.random() < 0.85 else wish
        cut = max(cut + float(rng.normal(0, 0.03)), last + _SHORTEST_SHOT_S)
        frame = int(np.searchsorted(times, cut + offset_s))
        last = cut
        if frame < len(times) and _is_lit(level, float(times[frame]) - offset_s):
            starts.append(frame)
    return sorted(set(starts) - {0})


def _is_lit(level: F64, time_s: float) -> bool:
    """Whether the stage has light shortly before and after a moment."""
    frame = int(np.clip(time_s * FPS, 6, max(6, len(level) - 7)))
    around = level[frame - 6 : frame + 7]
    return bool(len(around) and around.min() > _LIT)


def _move(liveliness: float, shake: float, rng: np.random.Generator) -> Move:
    """Stand, pan, or zoom."""
    start = (float(rng.uniform(-0.7, 0.7)), float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.95, 1.2)))
    end = start
    if rng.random() < liveliness:
        kind = rng.random()
        if kind < 0.45:
            end = (float(rng.uniform(-1, 1)), start[1], start[2])
        elif kind < 0.85:
            end = (start[0], start[1], float(np.clip(start[2] * rng.choice([0.85, 1.3]), 0.9, 1.5)))
        else:
            end = (start[0], float(rng.uniform(-1, 1)), start[2])
    hand = shake * float(rng.uniform(0.5, 1.0)) if shake and rng.random() < 0.8 else 0.0
    phase = (float(rng.uniform(0, 6.28)), float(rng.uniform(0, 6.28)))
    return Move(start, end, hand, phase)
