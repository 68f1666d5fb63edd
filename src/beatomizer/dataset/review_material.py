"""What a person has to see to judge a set: of each take some pictures, its light and sound over time, and its flags.

Read from the set's folder alone (``takes.csv``, the results in ``work/``, the shards), so that a set can be reviewed
where its videos are not. Clips that were left out are shown too, as long as ``work/`` is there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beatomizer.arrays import F32, F64, U8
from beatomizer.color import linear_to_rgb8, srgb_to_linear
from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, CUT, MISSING, Clip
from beatomizer.dataset.clip_index import ClipPlaces, clips_in
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.shards import read_clips, read_shard, set_facts, shard_paths
from beatomizer.dataset.stages import TakeSettings, Work
from beatomizer.dataset.take_facts import TakeFacts
from beatomizer.dataset.takes_table import read_table
from beatomizer.dataset.verdicts import is_id, take_of
from beatomizer.errors import UnreadableInputError
from beatomizer.timebase import exact_div

COLUMNS = 300
"""Points in time at which a clip is drawn: every 50 ms."""

MOST_ROWS = 8
"""Zones that a ribbon shows; more are averaged in neighbours."""

FRAMES = 8
"""Pictures of a take."""


@dataclass(frozen=True)
class ClipView:
    """A clip, small.

    Attributes:
        key: of the clip.
        start_s: where it begins in the media.
        problem: why it was left out; empty if it was not.
        used: whether it is in the set.
        light: uint8 ``[rows, 300, 3]``, sRGB: zones from stage left, downwards.
        cut, missing: bool ``[300]``: a camera cut, no picture.
        wave: float32 ``[300, 2]``: lowest and highest sample, −1..1.
    """

    key: str
    start_s: float
    problem: str
    used: bool
    light: U8
    cut: np.ndarray[Any, np.dtype[np.bool_]]
    missing: np.ndarray[Any, np.dtype[np.bool_]]
    wave: F32


@dataclass(frozen=True)
class TakeView:
    """A take, small.

    Attributes:
        id: of the take.
        row: its row in ``takes.csv``: column → text. Untrusted text.
        clips: in order.
        frames: ``(time_s, picture)`` of some moments; pictures uint8 ``[18, 32, 3]``, sRGB.
        shape: width over height of the pictures, as shown.
    """

    id: str
    row: Mapping[str, str]
    clips: tuple[ClipView, ...] = ()
    frames: tuple[tuple[float, U8], ...] = ()
    shape: float = 16 / 9


class Material:
    """All that can be seen of a set.

    Raises:
        UnreadableInputError: ``shards`` is not a folder with a set, or ``takes.csv`` is damaged.
    """

    def __init__(self, shards: Path) -> None:
        self.shards = shards
        self.facts = _facts(shards)
        rows = _table(shards)
        self.rows = [row for row in rows if row.get("id")]
        self.refusals = [row for row in rows if not row.get("id")]
        self._settings = _settings(self.facts)
        self._shown: dict[str, list[ClipView]] | None = None
        self._places: dict[str, ClipPlaces] | None = None

    def takes(self) -> Iterator[TakeView]:
        """Each take, in the order of ``takes.csv``; read one by one.

        Raises:
            UnreadableInputError: a shard is damaged.
        """
        for row in self.rows:
            name = row["id"]
            frames, shape = self._frames(name)
            yield TakeView(name, row, tuple(self._clips(name)), frames, shape)

    def clip_keys(self, take: str) -> set[str]:
        """The keys of a take's clips, as far as they are known; those that were left out among them."""
        facts = TakeFacts.load(self.work(take).facts)
        known = {clip.key for clip in facts.clips} if facts is not None else set()
        return known | {key for key in self.used() if take_of(key) == take}

    def work(self, take: str) -> Work:
        """The results of a take's stages, which need not be there."""
        return Work.of(self.shards / "work", take, self._settings)

    def _clips(self, take: str) -> list[ClipView]:
        work = self.work(take)
        facts = TakeFacts.load(work.facts)
        if facts is not None and work.clips.is_file():
            problems, used = {clip.key: clip.problem for clip in facts.clips}, self.used()
            with suppress(UnreadableInputError):  # the work folder is only a help
                return [
                    _view(clip, problems.get(clip.key, ""), clip.key in used)
                    for clip in read_shard(work.clips)
                ]
        return self._in_shards().get(take, [])

    def used(self) -> Mapping[str, ClipPlaces]:
        """The clips in the set by their keys."""
        if self._places is None:
            paths = [path for split in SPLITS if self.facts for path in shard_paths(self.shards, split)]
            self._places = {clip.key: clip for path in paths for clip in clips_in(path)}
        return self._places

    def _in_shards(self) -> dict[str, list[ClipView]]:
        """The clips in the set by take: read once, kept small."""
        if self._shown is None:
            found: dict[str, list[ClipView]] = defaultdict(list)
            for split in SPLITS if self.facts else ():
                for clip in read_clips(self.shards, split):
                    found[take_of(clip.key)].append(_view(clip, "", True))
            self._shown = {take: sorted(clips, key=lambda one: one.key) for take, clips in found.items()}
        return self._shown

    def _frames(self, take: str) -> tuple[tuple[tuple[float, U8], ...], float]:
        with suppress(UnreadableInputError):
            observed = Observed.load(self.work(take).observed)
            count = len(observed.pts_s)
            if not count:
                return (), 16 / 9
            chosen = np.unique(np.linspace(0, count - 1, FRAMES + 2).astype(int)[1:-1])
            frames = tuple((float(observed.pts_s[at]), observed.grid[at].copy()) for at in chosen)
            return frames, observed.size[0] / max(1, observed.size[1])
        return (), 16 / 9


def _facts(shards: Path) -> dict[str, Any]:
    try:
        return set_facts(shards)
    except UnreadableInputError:
        if (shards / "takes.csv").is_file():  # a build that found no clip worth keeping
            return {}
        raise


def _table(shards: Path) -> list[dict[str, str]]:
    try:
        rows = read_table(shards / "takes.csv")
        if any(row.get("id") and not is_id(row["id"]) for row in rows):
            raise ValueError("an id that cannot be one")  # ids name files of the work folder
    except (OSError, ValueError) as error:
        raise UnreadableInputError(
            f"'{shards / 'takes.csv'}' cannot be read", "build the set again with 'beatomizer dataset build'"
        ) from error
    return [{key: value or "" for key, value in row.items() if isinstance(key, str)} for row in rows]


def _settings(facts: Mapping[str, Any]) -> TakeSettings:
    """The settings that the set was built with, which name its files in ``work/``."""
    told = facts.get("settings", {})
    default = TakeSettings()
    with suppress(TypeError, ValueError, AttributeError):
        columns, rows = told.get("grid", default.grid)
        return TakeSettings(
            labels=str(told.get("labels", default.labels)),
            grid=(int(columns), int(rows)),
            rate=told.get("rate", default.rate),
        )
    return default


def rows_of_light(rgb: NDArray[np.uint16]) -> F64:
    """A label ``[T, Z, 3]`` in linear light, zones averaged in neighbours: float64 ``[T, rows, 3]``."""
    linear: F64 = srgb_to_linear(rgb / 65535.0)
    zones = np.array_split(np.arange(rgb.shape[1]), min(MOST_ROWS, rgb.shape[1]))
    return np.stack([linear[:, group].mean(axis=1) for group in zones], axis=1)


def _view(clip: Clip, problem: str, used: bool) -> ClipView:
    step = exact_div(CLIP_FRAMES, COLUMNS)
    rows = rows_of_light(clip.rgb).swapaxes(0, 1)
    flags = clip.flags.reshape(COLUMNS, step)
    sound = clip.sound.reshape(COLUMNS, exact_div(CLIP_SAMPLES, COLUMNS))
    return ClipView(
        key=clip.key,
        start_s=float(clip.facts.get("start_s", 0.0)),
        problem=problem,
        used=used,
        light=linear_to_rgb8(rows.reshape(len(rows), COLUMNS, step, 3).mean(axis=2)),
        cut=((flags & CUT) != 0).any(axis=1),
        missing=((flags & MISSING) != 0).any(axis=1),
        wave=np.stack([sound.min(axis=1), sound.max(axis=1)], axis=1),
    )
