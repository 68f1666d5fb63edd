"""Rows of ``ablations.py``: what a trained listener says, made into light in one way or another.

A *way* is a function from what was heard to a row. The real thing decides colours for sections and draws beats
exactly; the others leave the director out, so that one sees what it adds.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from beatomizer.arrays import F32, F64, Int
from beatomizer.color import linear_to_rgb8, oklch_to_linear, srgb_to_linear
from beatomizer.cues.beat_grid import track_beats
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.evaluation.lighting import Lighter, lighter_of
from beatomizer.inference.engine import SCORE_WIDTHS, Scores
from beatomizer.metrics.light import BRIGHT_PERCENTILE
from beatomizer.models.listening.heads import RGB, scores_of
from beatomizer.models.listening.table import Listener
from beatomizer.show.draw import draw_show
from beatomizer.show.show import Show
from beatomizer.timebase import FPS, SAMPLE_RATE
from beatomizer.training.listening.workshop import load_listener
from beatomizer.training.run import run_facts
from peers_rows import MODEL, Played, held
from peers_songs import BenchSong

_LIGHTNESS, _CHROMA = 0.7, 0.25
"""Of a hue in full light, OKLCh; chroma as far as the screen can. As the random walk of the reference rows."""

_FREE_BAR_S = 2.0
"""A bar where nobody counts."""


@dataclass(frozen=True)
class Said:
    """What a listener said about a song of T frames.

    Attributes:
        song: which.
        scores: as the line has them.
        rgb: sRGB ``[T, 3]`` of the colour head; ``None`` without one.
    """

    song: BenchSong
    scores: Scores
    rgb: F32 | None = None

    def chance(self) -> np.random.Generator:
        """The same draws for the same song, whoever draws."""
        return np.random.default_rng(zlib.crc32(self.song.name.encode()))


Way = Callable[[Said, int], tuple[Show, F64 | None]]
"""What was said, and on how many zones → the show, and the beats that it goes by if it goes by any."""


@torch.no_grad()
def heard_by(listener: Listener, song: BenchSong) -> Said:
    """What a listener says about a whole song; ``live`` as batch, which is the same as frame by frame."""
    frames = torch.from_numpy(np.ascontiguousarray(song.features.frames, dtype=np.float32))[None]
    logits = listener(frames)
    said = {name: value[0].numpy() for name, value in scores_of(logits, frames.shape[1]).items()}
    rgb = torch.sigmoid(logits[RGB])[0].numpy() if RGB in logits else None
    return Said(song, Scores(**said), rgb)


def directed(said: Said, zones: int) -> tuple[Show, F64 | None]:
    """The real thing: the director decides, colours come as slots of a palette, beats are drawn."""
    cues = decide(said.scores, said.song.features, Style(zones=zones))
    return draw_show(cues), np.array([beat.time_s for beat in cues.beats])


def without_rhythm(said: Said, zones: int) -> tuple[Show, F64 | None]:
    """The real thing for a listener that was never taught rhythm, or is not asked: those heads say nothing, so there is
    no beat.
    """
    silent = np.zeros(len(said.scores.beat), dtype=np.float32)
    nothing = dict.fromkeys(("downbeat", "onsets", "tempo", "phase"))
    scores = replace(said.scores, beat=silent, **nothing)
    return directed(replace(said, scores=scores), zones)[0], None


def likeliest(said: Said, zones: int) -> tuple[Show, F64 | None]:
    """Each frame in its likeliest hue."""
    return _in_hues(said, _hues(said).argmax(axis=1), zones), None


def each_frame(said: Said, zones: int) -> tuple[Show, F64 | None]:
    """Each frame in a hue drawn by its chances."""
    chances = np.cumsum(_hues(said), axis=1)
    drawn = (said.chance().random(len(chances))[:, None] * chances[:, -1:] > chances).sum(axis=1)
    return _in_hues(said, drawn, zones), None


def each_bar(said: Said, zones: int) -> tuple[Show, F64 | None]:
    """Each bar in a hue drawn by its mean chances."""
    hues, rng = _hues(said), said.chance()
    starts = bar_starts(said)
    drawn = np.zeros(len(hues), dtype=np.int64)
    for start, end in zip(starts, [*starts[1:], len(hues)]):
        chances = hues[start:end].mean(axis=0, dtype=np.float64)
        drawn[start:end] = rng.choice(len(chances), p=chances / chances.sum())
    return _in_hues(said, drawn, zones), None


def regressed(said: Said, zones: int) -> tuple[Show, F64 | None]:
    """Each frame in the colour that the regression gives, as in the paper."""
    if said.rgb is None:
        raise ValueError("this listener gives no colour")
    return shown(srgb_to_linear(said.rgb.astype(np.float64))[:, None], zones), None


def bar_starts(said: Said) -> list[int]:
    """First frames of the bars, 0 among them; every two seconds where there are no beats."""
    count = len(said.scores.beat)
    grid = track_beats(said.scores, len(said.song.features.samples) / SAMPLE_RATE)
    times = [beat.time_s for beat in grid.beats if beat.position == 1]
    if len(times) < 2:
        times = list(np.arange(0.0, count / FPS, _FREE_BAR_S))
    return sorted({0, *(frame for time in times if 0 <= (frame := round(time * FPS)) < count)})


def shown(linear: F64, zones: int) -> Show:
    """Light ``[T, 1, 3]`` on all zones, its own full light as bright as lamps go: no metric sees that, judges do."""
    full = float(np.percentile(linear.max(axis=(1, 2)), BRIGHT_PERCENTILE))
    lit = np.clip(linear / max(full, 1e-3), 0.0, 1.0)
    return Show(np.repeat(linear_to_rgb8(lit), zones, axis=1))


def _hues(said: Said) -> F32:
    assert said.scores.hue is not None
    return said.scores.hue


def _in_hues(said: Said, bins: Int, zones: int) -> Show:
    """The light of the listener in these hues; ``light`` is the root of luminance."""
    assert said.scores.light is not None
    count = SCORE_WIDTHS["hue"]
    angles = np.arange(count) * (2 * np.pi / count)
    lch = np.stack([np.full(count, _LIGHTNESS), np.full(count, _CHROMA), angles], axis=1)
    level = said.scores.light.astype(np.float64) ** 2
    return shown((oklch_to_linear(lch)[bins] * level[:, None])[:, None], zones)


@dataclass
class Run:
    """A trained listener, heard once a song, in several rows.

    Attributes:
        folder: of the run.
        ways: title of a row → way.
    """

    folder: Path
    ways: Mapping[str, Way]
    listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        """Load it.

        Raises:
            UnreadableInputError: it is no finished run of a listener.
        """
        self.listener = load_listener(self.folder)[0]

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Hear the song, make all rows of it."""
        said = heard_by(self.listener, song)
        for title, way in self.ways.items():
            show, beats_s = way(said, zones)
            yield Played(title, MODEL, held(show, song.frames), beats_s)

    def facts(self) -> dict[str, str]:
        """Sizes, and what it learned from."""
        parameters = sum(parameter.numel() for parameter in self.listener.parameters())
        lessons = sum(data.train for data in run_facts(self.folder).data)
        return {self.folder.name: f"{parameters:,} parameters, {lessons} lessons"}


@dataclass
class ColourRun:
    """One of the paper's models, which gives colour itself."""

    folder: Path
    title: str
    lighter: Lighter = field(init=False)

    def __post_init__(self) -> None:
        """Load it."""
        self.lighter = lighter_of(str(self.folder))

    def play(self, song: BenchSong, zones: int) -> Iterator[Played]:
        """Each frame in its colour."""
        linear = self.lighter.light(song.features, 1, 0).astype(np.float64)
        yield Played(self.title, MODEL, held(shown(linear, zones), song.frames))

    def facts(self) -> dict[str, str]:
        """Sizes, and what it learned from."""
        clips = sum(data.train for data in run_facts(self.folder).data)
        return {self.folder.name: f"{self.lighter.facts['parameters']:,} parameters, {clips} clips"}


def listener_rows() -> Sequence[tuple[str, Mapping[str, Way]]]:
    """Run folder → its rows, in the order of the table."""
    return (
        (
            "full-small",
            {
                "full-small: palette slots, a decision a section": directed,
                "full-small: hue bins, drawn once a bar": each_bar,
                "full-small: hue bins, likeliest each frame": likeliest,
                "full-small: hue bins, drawn each frame": each_frame,
                "full-small: its rhythm heads silenced": without_rhythm,
            },
        ),
        ("full-small-rgb", {"mean RGB regressed each frame": regressed}),
        (
            "full-small-no-rhythm",
            {
                "no rhythm heads": without_rhythm,
                "no rhythm heads, hue bins, likeliest each frame": likeliest,
            },
        ),
        (
            "full-small-no-spectral",
            {
                "no spectral loss": directed,
                "no spectral loss, hue bins, likeliest each frame": likeliest,
            },
        ),
        ("full-small-pseudo", {"with pseudo-labelled music": directed}),
        ("live-small", {"live-small, truth alone": directed}),
        ("live-small-taught", {"live-small, taught by full": directed}),
    )


COLOUR_ROWS = (
    ("cnn", "the paper's cnn"),
    ("attention", "the paper's attention model"),
)
"""Run folder, title."""
