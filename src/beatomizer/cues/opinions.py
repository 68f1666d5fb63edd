"""What a learned model would do with each phrase, read from its frame-by-frame scores at the rate of cues.

A model says sixty times a second how a designer would light the moment. Following that would shake; so its opinions are
averaged over phrases and over all that comes back: phrases of one letter at one place are one opinion, and colours
belong to letters. Engines that have no opinion leave the fields ``None``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.cues.cuelist import Section
from beatomizer.cues.phrases import Phrase
from beatomizer.inference.engine import PARTS, Scores
from beatomizer.timebase import FPS

_CLEAR = 1.35
"""Mean chances are raised to this power: many frames that lean one way mean it more than one frame does."""

_MOST_HUES = 9.0
"""Hues that may be left open for a letter, as exp(entropy); a model that leans to none is taken at its slightest word.
Which colour leads is mostly taste, so a well-taught model's chances are nearly even, and what little they lean is all
that it knows of warm and cold."""

_MOST_CLEAR = 40.0

_NOBODYS, _SOMEBODYS = 18.0, 12.0
"""Hues left open in a whole song, of 24, by a model that was taught by many designers (it leaves 20 to 23), and by one
that has learned somebody's taste (9 to 12); between the two it has some of one.
"""

_BREATH_FRAMES = FPS // 2
"""How far around a frame the height of the pulse is looked for: at 60 BPM a beat on either side."""

_BRIGHT_PERCENTILE, _DIM_PERCENTILE = 90.0, 10.0


@dataclass(frozen=True)
class Opinion:
    """Of one phrase.

    Attributes:
        look: chances of each of ``TAUGHT_LOOKS``, ``[8]``.
        light: how bright, 0..1 within the song.
        depth: how far the light falls between beats, 0 (steady) to 1 (dark).
    """

    look: F64 | None = None
    light: float | None = None
    depth: float | None = None


@dataclass(frozen=True)
class Opinions:
    """Of a song.

    Attributes:
        of: for each letter and place in its section, what to do; missing where nobody has an opinion.
        hue: for each letter, chances of the leading hue, ``[24]``, bin n centred on n · 15° in OKLCh.
        chorus: letters that are choruses or drops rather than anything else.
        taste: 0 (colours are nobody's in particular) to 1 (the model knows whose), from how few hues it leaves open.
    """

    of: dict[tuple[str, int], Opinion] = field(default_factory=dict)
    hue: dict[str, F64] = field(default_factory=dict)
    chorus: frozenset[str] = frozenset()
    taste: float = 0.0

    def about(self, label: str, number: int) -> Opinion:
        """The opinion on phrase ``number`` of a section with this letter."""
        return self.of.get((label, number), Opinion())


def opinions(heard: Scores, sections: Sequence[Section], phrases: Sequence[Phrase]) -> Opinions:
    """Gather what the scores say; empty if they are a classical listener's."""
    groups: dict[tuple[str, int], list[slice]] = {}
    letters: dict[str, list[slice]] = {}
    for phrase in phrases:
        section = sections[phrase.section]
        if section.kind == "silence":
            continue
        here = slice(round(phrase.start_s * FPS), max(round(phrase.end_s * FPS), 1))
        groups.setdefault((section.label, phrase.number), []).append(here)
        letters.setdefault(section.label, []).append(here)
    return Opinions(
        _of_phrases(heard, groups),
        _hues(heard.hue, letters),
        _choruses(heard.part, letters),
        _taste(heard.hue, letters),
    )


def _of_phrases(heard: Scores, groups: dict[tuple[str, int], list[slice]]) -> dict[tuple[str, int], Opinion]:
    if heard.look is None and heard.light is None:
        return {}
    level, depth = _level_and_depth(heard.light)
    span = _span(level, groups)
    found = {}
    for key, slices in groups.items():
        look = None if heard.look is None else _clear(_mean(heard.look, slices))
        light = None if level is None else _place(_mean(level[:, None], slices), span)
        deep = None if depth is None else float(_mean(depth[:, None], slices)[0])
        found[key] = Opinion(look, light, deep)
    return found


def _level_and_depth(light: F32 | None) -> tuple[F64 | None, F64 | None]:
    """The height of the light around each frame ``[T]``, and how deep it falls there, 0..1 ``[T]``."""
    if light is None or not len(light):
        return None, None
    seen = np.clip(np.nan_to_num(np.asarray(light, dtype=np.float64)), 0.0, 1.0)
    padded = np.pad(seen, _BREATH_FRAMES, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _BREATH_FRAMES + 1)[::_BREATH_FRAMES]
    high, low = np.percentile(around, [85.0, 15.0], axis=1)
    depth = np.where(high > 0.02, 1.0 - low / np.maximum(high, 1e-6), 0.0)
    return seen, np.repeat(depth, _BREATH_FRAMES)[: len(seen)]


def _span(level: F64 | None, groups: dict[tuple[str, int], list[slice]]) -> tuple[float, float]:
    """What is dim and what is bright in this song: percentiles of the phrases' means."""
    if level is None or not groups:
        return 0.0, 1.0
    means = [float(_mean(level[:, None], slices)[0]) for slices in groups.values()]
    dim, bright = np.percentile(means, [_DIM_PERCENTILE, _BRIGHT_PERCENTILE])
    return float(dim), float(bright)


def _place(mean: F64, span: tuple[float, float]) -> float:
    """0..1 within the song; where the song hardly changes, near the upper middle."""
    dim, bright = span
    width = max(bright - dim, 0.25 * bright, 1e-3)
    return float(np.clip(1.0 - (bright - float(mean[0])) / width, 0.0, 1.0))


def _hues(hue: F32 | None, letters: dict[str, list[slice]]) -> dict[str, F64]:
    """Chances of the leading hue of each letter, sharpened until they say something."""
    if hue is None:
        return {}
    said = {letter: _said(_mean(hue, slices)) for letter, slices in letters.items()}
    # A colour a bin beside is as good: bins are 15° wide, and the eye tells hues apart at twice that.
    return {
        letter: 0.5 * chances + 0.25 * (np.roll(chances, 1) + np.roll(chances, -1))
        for letter, chances in said.items()
    }


def _taste(hue: F32 | None, letters: dict[str, list[slice]]) -> float:
    """How far the model knows whose colours these are, 0..1."""
    if hue is None or not letters:
        return 0.0
    whole = _mean(hue, [here for slices in letters.values() for here in slices])
    open_hues = _open(whole / max(float(whole.sum()), 1e-9))
    return float(np.clip((_NOBODYS - open_hues) / (_NOBODYS - _SOMEBODYS), 0.0, 1.0))


def _said(chances: F64) -> F64:
    """The chances raised to the power, at most ``_MOST_CLEAR``, at which ``_MOST_HUES`` are left."""
    low, high = _CLEAR, _MOST_CLEAR
    if _open(_clear(chances, low)) <= _MOST_HUES:
        return _clear(chances, low)
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _open(_clear(chances, middle)) > _MOST_HUES else (low, middle)
    return _clear(chances, high)


def _open(chances: F64) -> float:
    """exp(entropy): how many are left."""
    return float(np.exp(-(chances * np.log(np.maximum(chances, 1e-12))).sum()))


def _choruses(part: F32 | None, letters: dict[str, list[slice]]) -> frozenset[str]:
    if part is None:
        return frozenset()
    high = [PARTS.index("chorus"), PARTS.index("drop")]
    means = {letter: _mean(part, slices) for letter, slices in letters.items()}
    return frozenset(letter for letter, mean in means.items() if int(mean.argmax()) in high)


def _mean(scores: F32 | F64, slices: Sequence[slice]) -> F64:
    """Mean row of ``[T, C]`` over all the slices, ``[C]``."""
    rows = [scores[min(here.start, len(scores) - 1) : max(here.stop, here.start + 1)] for here in slices]
    return np.asarray(np.nan_to_num(np.concatenate(rows).mean(axis=0, dtype=np.float64)))


def _clear(chances: F64, power: float = _CLEAR) -> F64:
    raised = (np.maximum(chances, 1e-6) / max(float(chances.max()), 1e-6)) ** power
    return np.asarray(raised / raised.sum())
