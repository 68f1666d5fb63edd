"""A show becomes a file: chosen by suffix, written aside, renamed when complete."""

from os import PathLike, fspath
from pathlib import Path

from beatomizer.atomic import written_aside
from beatomizer.errors import UsageError
from beatomizer.outputs.files.formats import writer_of
from beatomizer.outputs.files.options import FileOptions
from beatomizer.progress import Progress, silent
from beatomizer.safety.profiles import PROFILES, is_exportable
from beatomizer.safety.safe_show import SafeShow

_DEFAULTS = FileOptions()


def save(
    show: SafeShow,
    path: str | PathLike[str],
    *,
    options: FileOptions = _DEFAULTS,
    progress: Progress = silent,
) -> None:
    """Write ``show`` to ``path`` in the format of its suffix; an older file there is replaced in one step.

    Raises:
        TypeError: ``show`` did not pass the limiter.
        UsageError: an unknown suffix; a folder that is missing or not writable; a place where the song itself
            lies; a show limited for a venue only; a format that cannot hold this show.
        ResourceLimitError: the disk is full.
    """
    target = Path(fspath(path))
    write = writer_of(target)
    _refuse(show, target)
    with written_aside(target) as aside:
        write(show, aside, options, progress)


def _refuse(show: SafeShow, target: Path) -> None:
    """Stop before anything is written if this show must not go to this place."""
    if not isinstance(show, SafeShow):
        raise TypeError(
            f"save takes a SafeShow, not a {type(show).__name__}; call beatomizer.limit(show) first"
        )
    check_profile(show.report.profile)
    if show.source is not None and _same_file(show.source, target):
        raise UsageError(f"'{target.name}' is the song itself", "choose another name with -o")


def check_profile(name: str) -> None:
    """Whether shows of this safety profile may become files.

    A file travels to people and screens that nobody warned: the venue's extra flash stays in the venue.

    Raises:
        UsageError: nothing has that name, or it is for lights in a room only.
    """
    if not is_exportable(name):
        others = [other for other in PROFILES if is_exportable(other)]
        raise UsageError(
            f"the '{name}' profile is for lights in a room and never goes into a file",
            f"choose --safety {', '.join(others[:-1])} or {others[-1]}",
        )


def _same_file(one: Path, other: Path) -> bool:
    """Whether two names lead to one file, through links and letter case too."""
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()
