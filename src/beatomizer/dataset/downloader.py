"""One address → files in a folder, by the newest yt-dlp as a child process on a short lead.

The child gets no configuration of the user's and no command to run afterwards, follows no playlist, and is ended, with
all that it started, when it takes too long or too much. For some sites yt-dlp itself calls ffmpeg or a JavaScript
runtime, if they are installed. What it says is untrusted text. Unfinished files (``.part``) stay and are continued.
"""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Thread
from typing import IO

from beatomizer.dataset.fetch_errors import Trouble, trouble_of
from beatomizer.errors import MissingExtraError, one_line

FORMAT = "b[height>=144][height<=360]/(bv[height>=144],ba)/b/(bv,ba)"
"""A small rendition with sound, else pictures and sound apart (``probe`` puts them together), else what there is."""

SORT = "+res:240"
"""240 lines if there are, else the next larger: decoding them is ten times faster than 1080, and the mean colour
differs by 0.2/255."""

STALE_DAYS = 60
"""Sites change and yt-dlp follows with a release every few weeks; older ones fail more and more."""

_LEFTOVERS = (".part", ".ytdl", ".temp", ".tmp")
_MOST_COMPLAINTS = 50
_POLL_S = 0.05
_GRACE_S = 3.0


@dataclass(frozen=True)
class FetchLimits:
    """What one video may cost.

    Attributes:
        timeout_s: for one video, all attempts together.
        silence_s: without a byte, before an attempt is given up.
        most_bytes: size of a video.
        rate: most bytes a second; 0: no limit.
        retries: further attempts after something that may pass.
        backoff_s: pause before the first further attempt; doubles each time.
    """

    timeout_s: float = 1800.0
    silence_s: float = 30.0
    most_bytes: int = 500 << 20
    rate: int = 0
    retries: int = 3
    backoff_s: float = 2.0


@dataclass(frozen=True)
class Download:
    """What came of one address: ``files`` (one, or pictures and sound apart), or ``trouble``."""

    files: tuple[Path, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None


def installed_version() -> str:
    """Version of yt-dlp, a date like ``2026.10.26``.

    Raises:
        MissingExtraError: it is not installed.
    """
    if importlib.util.find_spec("yt_dlp") is None:
        raise MissingExtraError("fetching videos", "train")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("yt-dlp")
    except PackageNotFoundError:
        return ""


def stale(version: str, today: date) -> str:
    """A line that says how to update, if ``version`` is older than 60 days; else empty."""
    match = re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", version)
    try:
        age = (today - date(*map(int, match.groups()))).days if match else 0
    except ValueError:
        return ""
    if age <= STALE_DAYS:
        return ""
    return f"yt-dlp is {age} days old and sites change: pip install -U yt-dlp"


def command(url: str, folder: Path, limits: FetchLimits) -> list[str]:
    """The child's words. The address comes after ``--``, so it can never be an option.

    ``-P``: it takes no module from the folder that it works in.
    """
    retries = str(limits.retries)
    pause = f"exp={limits.backoff_s:g}:60"
    words = [sys.executable, "-P", "-m", "yt_dlp", "--ignore-config", "--no-playlist", "--restrict-filenames"]
    words += ["--no-exec", "--abort-on-unavailable-fragments", "--max-filesize", str(limits.most_bytes)]
    words += ["--no-cache-dir", "--default-search", "error", "--fixup", "never", "--no-mtime", "--continue"]
    words += ["--match-filters", "!is_live & !is_upcoming", "--playlist-items", "1"]
    words += ["--format", FORMAT, "--format-sort", SORT]
    words += [
        "--socket-timeout",
        f"{limits.silence_s:g}",
        "--retries",
        retries,
        "--fragment-retries",
        retries,
    ]
    words += ["--extractor-retries", retries, "--file-access-retries", "1"]
    words += [
        "--retry-sleep",
        pause,
        "--retry-sleep",
        f"fragment:{pause}",
        "--retry-sleep",
        f"extractor:{pause}",
    ]
    words += ["--no-simulate", "--progress", "--newline", "--no-warnings", "--color", "never"]
    words += ["--progress-delta", "0.2", "--progress-template"]
    words += [
        "download:bytes %(progress.downloaded_bytes)s %(progress.total_bytes,progress.total_bytes_estimate)s"
    ]
    words += ["--print", "before_dl:facts %(.{title,license})j"]
    words += ["--paths", str(folder), "--output", "video.%(format_id)s.%(ext)s"]
    if limits.rate:
        words += ["--limit-rate", str(limits.rate)]
    return [*words, "--", url]


def download(
    url: str,
    folder: Path,
    limits: FetchLimits,
    progress: Callable[[float], None] = lambda share: None,
    inherit: tuple[int, ...] = (),
) -> Download:
    """Fetch one address into ``folder`` (which is its own and may hold an earlier attempt's unfinished files).

    Args:
        url: an address that ``listing`` let through.
        folder: of this address alone.
        limits: what it may cost.
        progress: told the share that has come.
        inherit: file descriptors that the child keeps open as long as it lives (see ``fetch_state.only_one``).

    Raises:
        KeyboardInterrupt: the child is ended, unfinished files stay.
    """
    deadline = time.monotonic() + limits.timeout_s
    for attempt in range(limits.retries + 1):
        got = _attempt(url, folder, limits, deadline, progress, inherit)
        pause_s = min(60.0, limits.backoff_s * 2**attempt)
        last = attempt == limits.retries or time.monotonic() + pause_s >= deadline
        if got.trouble is None or not got.trouble.may_pass or last:
            return got
        time.sleep(pause_s)
    raise AssertionError("unreachable")


def _attempt(
    url: str,
    folder: Path,
    limits: FetchLimits,
    deadline: float,
    progress: Callable[[float], None],
    inherit: tuple[int, ...],
) -> Download:
    facts: dict[str, str] = {}
    complaints: deque[bytes] = deque(maxlen=_MOST_COMPLAINTS)
    with _child(command(url, folder, limits), folder, inherit) as child:
        listeners = [
            Thread(target=_listen, args=(child.stdout, facts, progress), daemon=True),
            Thread(target=_collect, args=(child.stderr, complaints), daemon=True),
        ]
        for listener in listeners:
            listener.start()
        trouble = _watched(child, folder, limits, deadline)
        for listener in listeners:
            listener.join(_GRACE_S)
    if trouble is not None:
        return Download(trouble=trouble)
    files = tuple(sorted(_finished(folder)))
    if child.returncode == 0 and files:
        return Download(files, facts)
    return Download(trouble=trouble_of(b"".join(complaints).decode("utf-8", "replace")))


@contextmanager
def _child(words: list[str], folder: Path, inherit: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """The running child; ended with all its descendants when the block is left, however that happens."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # if we die, the next line of progress finds nobody, and the child ends
        stderr=subprocess.PIPE,
        env=environment,
        cwd=folder,
        start_new_session=True,
        pass_fds=inherit,
    )
    try:
        yield child
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if child.poll() is not None:
            break
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(child.pid, sign)
            else:
                child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_S)
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _watched(
    child: subprocess.Popen[bytes], folder: Path, limits: FetchLimits, deadline: float
) -> Trouble | None:
    """Wait for the child; why it had to be ended, if it had to."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_POLL_S)
            return None
        if time.monotonic() > deadline:
            return Trouble(f"not finished within {limits.timeout_s:g} s; run again to go on", may_pass=True)
        if sum(file.stat().st_size for file in _files(folder)) > limits.most_bytes * 1.01 + 65_536:
            return Trouble(f"larger than {limits.most_bytes / (1 << 20):.0f} MiB", may_pass=False)


def _listen(lines: IO[bytes] | None, facts: dict[str, str], progress: Callable[[float], None]) -> None:
    """Follow what the child prints until it ends."""
    with suppress(ValueError, OSError):  # the pipe was closed under us
        for line in lines or ():
            kind, _, rest = line[:65_536].partition(b" ")
            if kind == b"facts":
                facts.update(_facts(rest))
            elif kind == b"bytes":
                with suppress(ValueError):
                    done, total = (float(word) for word in rest.split()[:2])
                    progress(min(1.0, done / max(total, 1.0)))


def _facts(text: bytes) -> dict[str, str]:
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found, dict):
            return {key: one_line(value) for key, value in found.items() if isinstance(value, str)}
    return {}


def _collect(lines: IO[bytes] | None, complaints: deque[bytes]) -> None:
    """Keep the last lines of what the child complains of. Not on the disk: it may be what is full."""
    with suppress(ValueError, OSError):
        for line in lines or ():
            complaints.append(line[:4096])


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                yield path


def _finished(folder: Path) -> Iterator[Path]:
    for path in _files(folder):
        if (
            path.name.startswith("video.")
            and not path.name.endswith(_LEFTOVERS)
            and ".part-" not in path.name
        ):
            yield path
