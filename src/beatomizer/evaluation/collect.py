"""Every row's light for every clip of a split: the one pass over the data."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32, F64, Bool
from beatomizer.audio.audio import Audio
from beatomizer.color import srgb_to_linear
from beatomizer.dataset.clip import Clip
from beatomizer.dataset.shards import read_clips
from beatomizer.errors import ResourceLimitError
from beatomizer.evaluation.lighting import Lighter
from beatomizer.evaluation.references import LABEL
from beatomizer.evaluation.sound import song_of
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.metrics.song import Song
from beatomizer.progress import Progress, silent

MOST_NUMBERS = 400_000_000
"""Numbers of light kept in memory: 1.6 GB, for example 6,600 clips × 9 rows × 2 zones."""

DIVERSITY_CLIPS = 8
SEEDS = (0, 1, 2)
"""So many shows of the same song, for the diversity across seeds of models that have any."""


@dataclass
class Row:
    """One row of the report while it is being filled.

    Attributes:
        name, kind: ``kind`` is ``"label"``, ``"model"`` or ``"reference"``.
        facts: of its lighter.
        lights: linear ``[T, Z, 3]`` of each clip.
        seconds: that each clip took.
        reseeded: for a few clips, the shows of all ``SEEDS``.
    """

    name: str
    kind: str
    facts: dict[str, object]
    lights: list[F32] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    reseeded: list[list[F32]] = field(default_factory=list)


@dataclass
class Collected:
    """All that is measured.

    Attributes:
        keys, takes: of each clip.
        songs: the sound of each clip.
        seen: ``[T]`` of each clip: frames whose label can be compared.
        sounds: the peak of each 1/60 s, ``[T]``, for pictures.
        rows: the label first, then models, then references.
        feature_seconds: that listening took before any model, each clip.
    """

    rows: list[Row]
    keys: list[str] = field(default_factory=list)
    takes: list[str] = field(default_factory=list)
    songs: list[Song] = field(default_factory=list)
    seen: list[Bool] = field(default_factory=list)
    sounds: list[F64] = field(default_factory=list)
    feature_seconds: list[float] = field(default_factory=list)

    @property
    def label(self) -> Row:
        """The first row."""
        return self.rows[0]


def collect(
    shards: Path,
    split: str,
    models: Sequence[Lighter],
    references: Sequence[Lighter],
    *,
    zones: int,
    most_clips: int | None = None,
    seed: int = 0,
    beats: str = "score",
    progress: Progress = silent,
    expected: int = 0,
) -> Collected:
    """Light every clip of the split with every row.

    Args:
        shards: the folder.
        split: ``"test"``, ``"validation"`` or ``"train"``.
        models: rows of kind ``"model"``.
        references: rows of kind ``"reference"``.
        zones: of the set.
        most_clips: stop after so many.
        seed: of shows that have one.
        beats: as in ``sound.song_of``.
        progress: told the stage ``evaluate``.
        expected: how many clips there are, for the progress.

    Raises:
        ResourceLimitError: more light than fits in memory.
    """
    rows = [Row(LABEL, "label", {})]
    rows += [Row(one.name, "model", dict(one.facts)) for one in models]
    rows += [Row(one.name, "reference", dict(one.facts)) for one in references]
    found = Collected(rows)
    for number, clip in enumerate(read_clips(shards, split)):
        if most_clips is not None and number >= most_clips:
            break
        if (number + 1) * len(rows) * clip.rgb.size > MOST_NUMBERS:
            raise ResourceLimitError(f"{number} clips fill the memory", "take fewer with --clips")
        _add(found, clip, [*models, *references], zones, seed, beats)
        progress("evaluate", min(1.0, (number + 1) / max(min(expected, most_clips or expected), 1)))
    return found


def _add(
    found: Collected, clip: Clip, lighters: Sequence[Lighter], zones: int, seed: int, beats: str
) -> None:
    start = time.perf_counter()
    features = extract_features(Audio(clip.sound))
    found.feature_seconds.append(time.perf_counter() - start)
    found.keys.append(clip.key)
    found.takes.append(str(clip.facts.get("take", clip.key)))
    found.songs.append(song_of(features, clip.facts.get("score"), beats=beats))
    found.seen.append(clip.usable)
    found.sounds.append(np.abs(features.slices).max(axis=1).astype(np.float64))
    found.label.lights.append(srgb_to_linear(clip.label.astype(np.float64)).astype(np.float32))
    for row, lighter in zip(found.rows[1:], lighters):
        _light(row, lighter, features, zones, seed, len(found.keys) <= DIVERSITY_CLIPS)


def _light(row: Row, lighter: Lighter, features: Features, zones: int, seed: int, again: bool) -> None:
    start = time.perf_counter()
    row.lights.append(lighter.light(features, zones, seed))
    row.seconds.append(time.perf_counter() - start)
    if again and lighter.seeded:
        others = [lighter.light(features, zones, seed + more) for more in SEEDS[1:]]
        row.reseeded.append([row.lights[-1], *others])
