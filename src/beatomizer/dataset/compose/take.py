"""One take: a song, its light, perhaps its film, and the score with everything that is known about them.

The format of the files is written down in ``docs/takes.md``. Everything about take ``i`` of seed ``S`` is drawn from
``[S, i, part]``, so takes do not depend on each other, on their order, or on who makes them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from beatomizer.arrays import F32
from beatomizer.atomic import written_aside
from beatomizer.composer.annotations import Annotations
from beatomizer.composer.compose import compose
from beatomizer.dataset.compose.designer import Design, design
from beatomizer.dataset.compose.person import person
from beatomizer.progress import Progress, silent
from beatomizer.timebase import FPS

FORMAT, VERSION = "beatomizer-score", 1

REVISION = 3
"""Raised when the same seed gives another take than before, so that a folder never mixes the two."""

_SONG_SHARE, _LIT_SHARE, _BEFORE_FILM = 0.5, 0.9, 0.1
"""For the progress: of a take without film, what is done with the song and with the light; both, of a take with one."""

_SONG, _LIGHT = 1, 2
"""Parts of a take that are drawn on their own; ``film`` has more."""


@dataclass(frozen=True)
class TakeSettings:
    """What decides the bytes of a take.

    Attributes:
        seed: S, 0 or more.
        film: whether a film is made; without one the take is sound and light.
        size: width and height of the film.
        generators: ``train``, ``held-out`` or ``all``: which named styles, forms and timbres may be drawn.
        designer: number of the one person who lights all takes; ``None``: somebody else each time.
    """

    seed: int
    film: bool = False
    size: tuple[int, int] = (426, 240)
    generators: str = "all"
    designer: int | None = None

    def of_take(self, index: int) -> dict[str, Any]:
        """What is written into the score of take ``index``; a take with the same is not made again."""
        size = list(self.size) if self.film else None
        made = {
            "seed": self.seed,
            "take": index,
            "film": self.film,
            "size": size,
            "generators": self.generators,
            "revision": REVISION,
        }
        return made if self.designer is None else made | {"designer": self.designer}

    def name(self, index: int) -> str:
        """The stem of the take's files."""
        return f"take-{index:08d}"


def make_take(settings: TakeSettings, index: int, folder: Path, progress: Progress = silent) -> float:
    """Compose, light and write take ``index``; the score is written last, so a take with a score is whole.

    Args:
        settings: of all takes.
        index: the take's number.
        folder: where its files go.
        progress: told the share of this take that is done, as stage ``take``.

    Returns:
        the length of its song in seconds.

    Raises:
        UsageError: ``folder`` cannot be written to, or this installation cannot encode.
        ResourceLimitError: the disk is full.
    """
    song_seed = int(_rng(settings, index, _SONG).integers(2**31))
    before_film = _BEFORE_FILM if settings.film else 1.0
    song = compose(song_seed, generators=settings.generators)
    progress("take", _SONG_SHARE * before_film)
    lighter = None if settings.designer is None else person(settings.designer)
    lit = design(song.annotations, _rng(settings, index, _LIGHT), person=lighter)
    progress("take", _LIT_SHARE * before_film)
    media = folder / (settings.name(index) + (".mp4" if settings.film else ".flac"))
    film: dict[str, Any] | None = None
    with written_aside(media) as aside:
        if settings.film:
            from beatomizer.dataset.compose.film import make_film

            film = make_film(
                aside,
                (settings.seed, index),
                song.samples,
                song.annotations,
                lit,
                settings.size,
                progress=lambda _, share: progress("take", before_film + (1 - before_film) * share),
            )
        else:
            write_flac(aside, song.samples, song.sample_rate, song.title)
        facts = {"name": media.name, "bytes": aside.stat().st_size, "sha256": _hash_of(aside)}
    score = _score(settings.of_take(index), facts, song.annotations, lit, film)
    with written_aside(folder / f"{settings.name(index)}.score.json") as aside:
        aside.write_text(_json_lines(score), encoding="utf-8")
    progress("take", 1.0)
    return song.annotations.duration_s


def is_whole(settings: TakeSettings, index: int, folder: Path) -> bool:
    """Whether ``folder`` already holds this very take, complete."""
    made = made_with(folder / f"{settings.name(index)}.score.json")
    if made is None or made["made"] != settings.of_take(index):
        return False
    media = folder / str(made["media"]["name"])
    return media.is_file() and media.stat().st_size == made["media"]["bytes"]


def made_with(score: Path) -> dict[str, Any] | None:
    """``made`` and ``media`` of a score; ``None`` if there is none, or it is not one of ours or damaged."""
    try:
        with score.open(encoding="utf-8") as file:
            first, made, media = (file.readline() for _ in range(3))
        data = json.loads(first + made + media.rstrip(",\n") + "}")
        made_of, media_of = dict(data["made"]), dict(data["media"])
        if not all(isinstance(one, int) for one in (made_of["take"], media_of["bytes"])):
            return None
        return {"made": made_of, "media": {**media_of, "name": str(media_of["name"])}}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _rng(settings: TakeSettings, index: int, part: int) -> np.random.Generator:
    return np.random.default_rng([settings.seed, index, part])


def _score(
    made: Mapping[str, Any],
    media: Mapping[str, Any],
    song: Annotations,
    lit: Design,
    film: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "made": made,
        "media": media,
        "format": FORMAT,
        "version": VERSION,
        "annotations": song.to_json(),
        "light": {"fps": FPS, "zones": lit.zones, "rgb8": [frame.tobytes().hex() for frame in lit.rgb8]},
        "design": lit.facts(),
        "film": film,
    }


def _json_lines(score: Mapping[str, Any]) -> str:
    """One line a key, so that ``made`` and ``media`` can be read without the rest."""
    lines = [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in score.items()]
    return "{" + "\n" + ",\n".join(lines) + "\n}\n"


def write_flac(path: Path, samples: F32, rate: int, title: str) -> None:
    """Stereo FLAC of 16 bits, the sound of a take without film."""
    whole = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
    with av.open(str(path), "w", format="flac") as container:
        container.metadata["title"] = title
        stream = container.add_stream("flac", rate=rate, layout="stereo", format="s16")
        stream.options = {"compression_level": "2"}
        for start in range(0, len(whole), 4096):
            block = np.ascontiguousarray(whole[start : start + 4096]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
