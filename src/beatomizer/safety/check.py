"""Judge a file: a show (``.npz``, ``.csv``) or any video, whoever made it."""

import os
from pathlib import Path

from beatomizer.audio.gate import shown
from beatomizer.color import LINEAR_OF_RGB8
from beatomizer.errors import UsageError
from beatomizer.progress import Progress, silent
from beatomizer.safety.judge import judge, judge_signals
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile, profile_named
from beatomizer.safety.show_file import read_csv, read_npz
from beatomizer.safety.signals import signals_of, with_stage
from beatomizer.safety.verdict import Verdict

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".3gp", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg"}
)

_HINT = "give a .npz, a .csv or a video (.mp4, .mov, .mkv, .webm, .avi)"


def check_file(
    path: str | os.PathLike[str], profile: str | Profile = DEFAULT_PROFILE, progress: Progress = silent
) -> Verdict:
    """Judge the flashing of a file.

    Of a show each zone is judged, and the whole stage; of a video the whole frame and eighteen parts of it.

    Raises:
        UsageError: no profile has that name, or the suffix is none of the above.
        UnreadableInputError: the file is missing, damaged, or not what its suffix says.
        ResourceLimitError: it is longer, or its pictures are larger, than what is judged.
    """
    chosen = profile_named(profile)
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix in (".npz", ".csv"):
        rgb8 = read_npz(file) if suffix == ".npz" else read_csv(file)
        return judge_signals(signals_of(with_stage(LINEAR_OF_RGB8[rgb8])), chosen)
    if suffix in VIDEO_SUFFIXES:
        from beatomizer.safety.video_file import regions_of_video

        return judge(regions_of_video(file, progress), chosen)
    raise UsageError(f"'{shown(file)}' is not a kind of file that can be judged", _HINT)
