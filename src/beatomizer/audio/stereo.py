"""A song's sound once more, in stereo and at another rate, for outputs that carry sound.

The same start and the same length as ``load_audio``'s mono, so light and sound stay together to the sample. The song
is read twice: offset and level are those of the mono, and must be known before the first block.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from beatomizer.arrays import F32
from beatomizer.audio.blocks import LONGEST_S, song_blocks
from beatomizer.audio.clean import Level
from beatomizer.audio.load import mono_blocks
from beatomizer.audio.mix import stereo_shares


def stereo_blocks(
    path: str | os.PathLike[str], sample_rate: int = 48_000, *, max_duration_s: float = LONGEST_S
) -> Iterator[F32]:
    """Decode a song to blocks ``[n, 2]`` of float32 within −1..1 at ``sample_rate``; mono is on both sides.

    In all ``ceil(N · sample_rate / 24000)`` samples for the ``N`` of ``load_audio``. Raises as ``load_audio``.
    """
    level = Level()
    for mono in mono_blocks(path, max_duration_s=max_duration_s):
        level.hear(mono)
    repair, _ = level.repair()
    for block in song_blocks(
        Path(path), stereo_shares, sample_rate=sample_rate, max_duration_s=max_duration_s
    ):
        repair.apply(block)
        yield block
