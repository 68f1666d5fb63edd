"""From a song and its light to a film of it, and everything that is known about the film."""

from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F32
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.composer.annotations import Annotations
from beatomizer.dataset.compose.camera import drawn_cameras
from beatomizer.dataset.compose.designer import Design
from beatomizer.dataset.compose.direction import Direction, directed
from beatomizer.dataset.compose.picture import Filmer
from beatomizer.dataset.compose.reel import write_reel
from beatomizer.dataset.compose.song_view import SongView
from beatomizer.dataset.compose.stage import drawn_stage
from beatomizer.progress import Progress, silent

_STAGE, _DIRECTION, _PHONES = 3, 4, 5
"""Parts of a film that are drawn on their own (1 and 2 are the song and its light)."""


def make_film(
    path: Path,
    seed: tuple[int, int],
    samples: F32,
    song: Annotations,
    lit: Design,
    size: tuple[int, int],
    *,
    direction: Direction | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Build a stage for the lights, set up cameras, and film the song.

    Args:
        path: an ``.mp4``, overwritten.
        seed: of the takes, and the take's number.
        samples: float32 ``[N, 2]``, 48 kHz.
        song: its score.
        lit: its light.
        size: width and height in pixels, even.
        direction: the director's plan; drawn by chance if none is given.
        progress: told the share of the film that is made, as stage ``video``.

    Returns:
        the ``film`` of the score (``docs/takes.md``).

    Raises:
        UsageError: this installation cannot encode H.264.
        OSError: the file cannot be written.
    """
    chance = np.random.default_rng([*seed, _STAGE])
    stage = drawn_stage(lit.zones, chance)
    cameras = drawn_cameras(stage, chance)
    if direction is None:
        level = luminance(rgb8_to_linear(lit.rgb8)).mean(axis=1)
        direction = directed(SongView(song), level, len(cameras), np.random.default_rng([*seed, _DIRECTION]))
    filmer = Filmer(stage, cameras, direction, lit.rgb8, size, np.random.default_rng([*seed, _PHONES]))
    means = write_reel(path, filmer.pictures(), direction, size, samples, song.title, progress)
    return {
        "size": list(size),
        "fps": direction.rate,
        "offset_s": direction.offset_s,
        "cuts_s": [round(time, 6) for time in direction.cuts_s],
        "pts_s": [round(time, 6) for time in direction.times.tolist()],
        "mean_rgb": [[round(value, 2) for value in mean] for mean in means],
        "cameras": [cameras[shot.camera].name for shot in direction.shots],
        "flags": list(direction.flags()),
    }
