"""The sound of a take: of a whole file, or of the excerpt that a list names."""

import math

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.blocks import Findings
from beatomizer.audio.clean import Level
from beatomizer.audio.load import load_audio, mono_blocks
from beatomizer.dataset.sources import TakeSource
from beatomizer.errors import NoUsableAudioError
from beatomizer.progress import Progress, silent
from beatomizer.timebase import SAMPLE_RATE


def take_sound(source: TakeSource, progress: Progress = silent) -> tuple[F32, tuple[str, ...]]:
    """Samples ``[N]`` from the take's beginning to its end (mono, 24 kHz), and what was mended, one line each.

    Of an excerpt only the excerpt is held in memory, and nothing behind it is decoded.

    Raises:
        UnreadableInputError, NoUsableAudioError, ResourceLimitError: as ``load_audio``, or the excerpt begins after the
            sound has ended.
    """
    if source.start_s == 0 and source.end_s is None:
        audio = load_audio(source.media, progress=progress)
        return audio.samples, audio.warnings
    first = round(source.start_s * SAMPLE_RATE)
    last = math.inf if source.end_s is None else round(source.end_s * SAMPLE_RATE)
    findings, level = Findings(), Level()
    pieces: list[F32] = []
    position = 0
    for block in mono_blocks(source.media, findings=findings, progress=progress):
        piece = block[max(0, first - position) : int(min(len(block), max(0, last - position)))]
        position += len(block)
        if len(piece):
            pieces.append(piece.copy())
            level.hear(piece)
        if position >= last:
            break
    if not pieces:
        raise NoUsableAudioError(
            f"its sound ends after {position / SAMPLE_RATE:.1f} s, before the excerpt begins",
            "correct the times in the list",
        )
    samples = np.concatenate(pieces)
    repair, notes = level.repair()
    repair.apply(samples)
    return samples, (*findings.warnings, *notes)
