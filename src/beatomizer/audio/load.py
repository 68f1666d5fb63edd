"""A song's file → ``Audio``: mono, 24 kHz, float32, clean, of exact length."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.audio.blocks import LONGEST_S, Findings, Shares, song_blocks
from beatomizer.audio.clean import Level
from beatomizer.audio.mix import left_shares, mono_shares
from beatomizer.progress import Progress, silent

_GROWTH = 8 << 20
"""Samples by which the song in memory grows: 32 MB, about six minutes. Memory that is not written to costs nothing."""

_QUIET_PEAK = 0.02
"""Below −34 dB it is worth looking whether left and right cancel each other,"""

_LOUDER = 30.0
"""which they do if one side alone is 30 dB louder."""


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
    song = Path(path)
    heard = _heard(song, mono_shares, max_duration_s, progress)
    if heard.level.peak < _QUIET_PEAK:
        left = _heard(song, left_shares, max_duration_s, progress)
        if left.level.peak > _LOUDER * heard.level.peak:
            left.findings.warnings.append("left and right cancel each other; the lights follow the left")
            heard = left
    repair, notes = heard.level.repair()
    repair.apply(heard.samples)
    findings = heard.findings
    return Audio(heard.samples, song, findings.title, findings.artist, (*findings.warnings, *notes))


@dataclass(frozen=True)
class _Heard:
    """A song before repair."""

    samples: F32
    findings: Findings
    level: Level


def _heard(song: Path, shares: Shares, max_duration_s: float, progress: Progress) -> _Heard:
    findings, level = Findings(), Level()
    samples = np.empty(_GROWTH, dtype=np.float32)
    length = 0
    for block in song_blocks(
        song, shares, max_duration_s=max_duration_s, findings=findings, progress=progress
    ):
        mono = block[:, 0]
        level.hear(mono)
        if length + len(mono) > len(samples):
            samples.resize(len(samples) + max(_GROWTH, len(mono)), refcheck=False)
        samples[length : length + len(mono)] = mono
        length += len(mono)
    samples.resize(length, refcheck=False)
    return _Heard(samples, findings, level)


def mono_blocks(
    path: str | os.PathLike[str],
    *,
    max_duration_s: float = LONGEST_S,
    findings: Findings | None = None,
    progress: Progress = silent,
) -> Iterator[F32]:
    """The samples of ``load_audio`` while they are decoded: blocks ``[n]`` of any length, 24 kHz.

    Repairs that need the whole song are not in them: the offset and the level (``Level().hear(block)`` for each block,
    then ``Level.repair()``), and the choice of one side when the two cancel each other. For most songs there is
    nothing to repair but samples over full scale, which are clipped. Raises as ``load_audio``, possibly only after the
    last block.

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
