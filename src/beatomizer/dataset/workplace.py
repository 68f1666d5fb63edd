"""Where a build works: what must be installed and free before it begins, and what must not lie about afterwards."""

import contextlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from beatomizer.atomic import try_lock
from beatomizer.errors import MissingExtraError, UsageError


def refuse_half_installed(*, cluster: bool) -> None:
    """What is needed at the end is asked for at the beginning: hours may lie between."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("building a data set (its card has pictures)", "train")
    if cluster and find_spec("distributed") is None:
        raise MissingExtraError("building on a cluster", "cluster")


def apart(folders: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Refuse to write into a folder that is read: the next build would find what this one wrote."""
    for folder in folders:
        if not folder.exists():
            raise UsageError(f"there is no folder '{folder}'", "name a folder of videos or takes")
        for output in outputs:
            if output.resolve().is_relative_to(folder.resolve()):
                raise UsageError(f"'{output}' lies inside '{folder}'", "choose a place beside it with -o")


def made(folder: Path) -> Path:
    """``folder``, which is there from now on."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{folder}' ({error.strerror})", "choose another with -o"
        ) from error
    return folder


@contextlib.contextmanager
def alone(work: Path) -> Iterator[None]:
    """Refuse to work where another build is at work. The lock is the process's: it goes when that goes."""
    with (work / "lock").open("wb") as file:
        if try_lock(file) is False:
            raise UsageError(f"another build is at work in '{work}'", "wait for it, or choose another folder")
        yield


@contextlib.contextmanager
def swept(folders: Sequence[Path]) -> Iterator[None]:
    """Remove what a process that was killed had begun to write (see ``atomic.written_aside``), before and after."""

    def sweep() -> None:
        for folder in folders:
            for begun in folder.glob(".beatomizer-*"):
                begun.unlink(missing_ok=True)

    sweep()
    try:
        yield
    finally:
        sweep()
