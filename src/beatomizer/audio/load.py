"""A song's file → ``Audio``: mono, 24 kHz, float32, clean, of exact length."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.audio.blocks import LONGEST_S, Findings, song_blocks
from beatomizer.audio.clean import Level
from beatomizer.audio.mix import mono_shares
from beatomizer.progress import Progress, silent

_GROWTH = 8 << 20
"""Samples by which the song in memory grows: 32 MB, about six minutes. Memory that is not written to costs nothing."""


def load_audio(
    path: str | os.PathLike[str], *, max_duration_s: float = LONGEST_S, progress: Progress = silent
) -> Audio:
    """Decode any song, or the sound of any video.

    Time 0 is the beginning of the file's presentation: the first sound, or the first picture of a video whose sound
    starts later. The sound ends where it ends, also if pictures go on. Holes are silence. A song of ``n`` samples at
    ``rate`` Hz becomes ``ceil(n · 24000 / rate)`` samples; what a coder put before and after the song is not counted.

    Args:
        path: a regular file: mp3, ogg, opus, flac, m4a/aac, wav, aiff, mp4, mkv, webm, mov, avi and others.
        max_duration_s: refuse what is longer, by what is decoded.
        progress: told the share of the file that was read, as stage ``audio``.

    Returns:
        The song; ``warnings`` says what was mended.

    Raises:
        UnreadableInputError: missing, not a regular file, not sound or video, a playlist, or too damaged.
        NoUsableAudioError: no sound in it, less than half a second, or no sample is a number.
        ResourceLimitError: longer than ``max_duration_s``.
    """
    song, findings, level = Path(path), Findings(), Level()
    samples = np.empty(_GROWTH, dtype=np.float32)
    length = 0
    for block in mono_blocks(song, max_duration_s=max_duration_s, findings=findings, progress=progress):
        level.hear(block)
        if length + len(block) > len(samples):
            samples.resize(len(samples) + max(_GROWTH, len(block)), refcheck=False)
        samples[length : length + len(block)] = block
        length += len(block)
    samples.resize(length, refcheck=False)
    repair, notes = level.repair()
    repair.apply(samples)
    return Audio(samples, song, findings.title, findings.artist, (*findings.warnings, *notes))


def mono_blocks(
    path: str | os.PathLike[str],
    *,
    max_duration_s: float = LONGEST_S,
    findings: Findings | None = None,
    progress: Progress = silent,
) -> Iterator[F32]:
    """The samples of ``load_audio`` while they are decoded: blocks ``[n]`` of any length, 24 kHz.

    Two repairs need the whole song and are not in them: the offset and the level (``Level().hear(block)`` for each
    block, then ``Level.repair()``); for most songs there is nothing to repair but samples over full scale, which are
    clipped. Raises as ``load_audio``, possibly only after the last block.

    Args:
        path: the song.
        max_duration_s: refuse what is longer.
        findings: told title, artist and warnings.
        progress: told the share of the file that was read.
    """
    blocks = song_blocks(
        Path(path), mono_shares, max_duration_s=max_duration_s, findings=findings, progress=progress
    )
    return (block[:, 0] for block in blocks)
