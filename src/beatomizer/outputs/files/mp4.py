"""``.mp4``: the drawn stage at 60 frames a second with the song's sound, and the proof of what it shows.

The limiter judged the zones. A picture mixes them, bends them by a tone curve and loses a little in the encoder, so
what was encoded is decoded again, while the rest is still being filmed, and judged once more, with the profile that
the show was limited to. Where it fails, the show is tightened around that place and filmed again.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32, Bool
from beatomizer.audio.stereo import stereo_blocks
from beatomizer.errors import ResourceLimitError, UsageError
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.stage.film import film
from beatomizer.outputs.stage.soundtrack import RATE
from beatomizer.progress import Progress
from beatomizer.safety.judge import judge
from beatomizer.safety.safe_show import SafeShow
from beatomizer.safety.tighten import tighten
from beatomizer.safety.verdict import Verdict

MOST_ROUNDS = 3
"""How often a show is tightened before its video is refused."""

_STAGE = "video"


def write(show: SafeShow, path: Path, options: FileOptions, progress: Progress) -> None:
    """Film ``show``, judge the film as it is decoded, and film a tighter show if it fails.

    Raises:
        UsageError: the show has no frames, or this installation cannot encode H.264.
        ResourceLimitError: the video still flashes too much after the last round.
        UnreadableInputError: the song cannot be read a second time for its sound.
    """
    if not show.frames:
        raise UsageError("a show without frames has no video", "choose a song that lasts")
    for tightened in range(MOST_ROUNDS + 1):
        seen = film(show, path, options.size, _sound(show), progress)
        verdict = judge(seen, show.report.profile)
        if verdict.ok:
            progress(_STAGE, 1.0)
            return
        if tightened < MOST_ROUNDS:
            show = _tightened(show, verdict, tightened + 1)
    raise ResourceLimitError(
        f"the video still flashes too much after {MOST_ROUNDS} corrections ({verdict.line()})",
        "choose --safety calm",
    )


def _tightened(show: SafeShow, verdict: Verdict, rounds: int) -> SafeShow:
    failed: Bool = np.zeros(show.frames, dtype=np.bool_)
    failed[: len(verdict.failed_frames)] = verdict.failed_frames[: show.frames]
    return tighten(show, failed, rounds)


def _sound(show: SafeShow) -> Iterator[F32] | None:
    if show.source is None:
        return None
    return stereo_blocks(show.source, RATE)
