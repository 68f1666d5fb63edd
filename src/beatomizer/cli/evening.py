"""What ``play``, ``live`` and ``calibrate`` share: outputs, their offsets, the ending, the status line."""

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from beatomizer.errors import BeatomizerError, UsageError, one_line
from beatomizer.outputs.lights.url import LightUrl, record_path

if TYPE_CHECKING:
    from beatomizer.rig.rig import Rig

FAR_APART_MS = 200.0
"""Hue bridges, the slowest lights here, are some 100 to 150 ms late: a larger difference is hardly lateness."""

STOPPED = 130
"""128 + SIGINT, as shells report it."""


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Which lights, and how late they are."""
    parser.add_argument(
        "--to",
        metavar="URL",
        action="append",
        default=[],
        help="a light; may be repeated (default: all outputs of the rig)",
    )
    parser.add_argument(
        "--rig", metavar="FILE", default="", help="the rig file of the lamps behind the lights"
    )
    parser.add_argument(
        "--offset",
        metavar="OUTPUT=MS",
        action="append",
        default=[],
        help="show an output's light later (or, negative, earlier); OUTPUT is its URL or its number from 1",
    )
    parser.add_argument("--master", type=float, default=1.0, metavar="0..1", help="how bright (default 1)")
    parser.add_argument(
        "--watchdog", action="store_true", help="darken the lights even if all else is killed"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")


def outputs_of(arguments: argparse.Namespace) -> "tuple[tuple[str, ...], list[float]]":
    """URLs and their offsets in seconds; without ``--to``, all outputs of the rig.

    Raises:
        UsageError: no light is named, a master or an offset is out of range, or the same light comes twice.
        UnreadableInputError: the rig file cannot be read.
    """
    from beatomizer.outputs.lights.sameness import same_lights
    from beatomizer.player.calibration import offsets_of, read_offsets_ms

    if not 0.0 <= arguments.master <= 1.0:
        raise UsageError(f"--master {arguments.master:g} is out of range", "give 0 to 1")
    urls = tuple(arguments.to) or _outputs_of_rig(arguments.rig)
    if not urls:
        raise UsageError(
            "say which lights, with --to", "such as --to wled://192.168.1.40; see docs/lights.md"
        )
    twice = same_lights(urls, getattr(arguments, "zones", None), _rig_of(arguments.rig))
    if twice is not None:
        one, other = (LightUrl.parse(url).shown for url in twice)
        both = f" as {one} and {other}" if one != other else f" ({one})"
        raise UsageError(f"the same light is named twice{both}", "say each light once")
    offsets_s = offsets_of(urls, arguments.offset, read_offsets_ms())
    if not arguments.quiet:
        _warn(arguments, urls, offsets_s)
    return urls, offsets_s


def _rig_of(rig: str) -> "Rig | None":
    if not rig:
        return None
    from beatomizer.rig.rig_file import read_rig

    return read_rig(rig)


def _warn(arguments: argparse.Namespace, urls: tuple[str, ...], offsets_s: list[float]) -> None:
    """Of what need not be wrong, but mostly is; names of hosts are looked up aside."""
    apart_ms = 1000.0 * (max(offsets_s) - min(offsets_s))
    if apart_ms > FAR_APART_MS:
        _note(
            f"outputs are {apart_ms:.0f} ms apart: lamps that are not late by as much flash one after the other,"
            " which no limit sees (docs/safety.md)"
        )
    if len(urls) > 1:
        threading.Thread(target=_warn_of_names, args=(arguments, urls), daemon=True).start()


def _warn_of_names(arguments: argparse.Namespace, urls: tuple[str, ...]) -> None:
    from beatomizer.outputs.lights.sameness import same_after_asking

    twice = same_after_asking(urls, getattr(arguments, "zones", None), _rig_of(arguments.rig))
    if twice is not None:
        one, other = (LightUrl.parse(url).shown for url in twice)
        _note(f"{one} and {other} are the same light: it will jump between the two")


def _note(text: str) -> None:
    print(f"beatomizer: {one_line(text)}", file=sys.stderr, flush=True)


def _outputs_of_rig(rig: str) -> tuple[str, ...]:
    found = _rig_of(rig)
    return tuple(dict.fromkeys(found.outputs.values())) if found else ()


def seconds_of(arguments: argparse.Namespace) -> float:
    """How long ``--for`` says; endless without it.

    Raises:
        UsageError: it says no time.
    """
    seconds = float("inf") if arguments.seconds is None else float(arguments.seconds)
    if not seconds > 0.0:
        raise UsageError(f"--for {seconds:g} is no time", "give more than 0 seconds")
    return seconds


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """While the body runs, SIGTERM and SIGHUP end it as Ctrl-C does: lights are darkened on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before: list[tuple[signal.Signals, Any]] = [(number, signal.signal(number, end)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def dark_afterwards(
    arguments: argparse.Namespace,
    act: "Callable[[argparse.Namespace, StatusLine], None]",
    told: str = "stopped",
) -> int:
    """Act until the end, a key, or a signal; the lights are dark afterwards.

    Args:
        arguments: of the command.
        act: leaves the lights dark in whatever way it is left.
        told: what a person who ended it is told.

    Returns:
        The exit code.
    """
    line, before = StatusLine(arguments.quiet), _recordings(arguments)
    try:
        with ended_by_signals():
            act(arguments, line)
    except KeyboardInterrupt:
        line.close()
        if not arguments.quiet:
            line.note(f"{told}; the lights are dark")
        return STOPPED
    finally:
        line.close()
        if not arguments.quiet:
            for path, age in _recordings(arguments).items():
                if age is not None and age != before.get(path):
                    print(f"wrote {path}", flush=True)
    return 0


def _recordings(arguments: argparse.Namespace) -> dict[str, int | None]:
    """The files that outputs record to, and when each was written, if it is there. Mistakes are told elsewhere."""
    found = dict[str, int | None]()
    with contextlib.suppress(BeatomizerError):
        for url in arguments.to or _outputs_of_rig(arguments.rig):
            if url.startswith("record://"):
                path = record_path(LightUrl.parse(url))
                found[str(path)] = path.stat().st_mtime_ns if path.exists() else None
    return found


class StatusLine:
    """One line on a terminal that is written over; nothing where nobody looks."""

    def __init__(self, quiet: bool) -> None:
        self._on = sys.stderr.isatty() and not quiet
        self._shown = ""

    @property
    def is_on(self) -> bool:
        """Whether anybody looks."""
        return self._on

    def show(self, text: str) -> None:
        """Replace the line."""
        if self._on and text != self._shown:
            import shutil

            self._shown = text
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\x1b[K" + one_line(text, width))
            sys.stderr.flush()

    def note(self, text: str) -> None:
        """A line that stays."""
        if self._on:
            sys.stderr.write("\r\x1b[K")
            self._shown = ""
        _note(text)

    def close(self) -> None:
        """Leave the terminal clean."""
        if self._on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class LightWatch:
    """Tells once when an output goes off line, and once when it is back."""

    def __init__(self, line: StatusLine) -> None:
        self._line = line
        self._off: set[str] = set()

    def look(self, lights: list[dict[str, Any]]) -> str:
        """Notes what changed; a short word for the status line."""
        for light in lights:
            url, name = light["url"], LightUrl.parse(light["url"]).shown
            if not light["online"] and url not in self._off:
                self._off.add(url)
                self._line.note(f"{name} is off line ({light['error'] or 'no answer'}); trying again")
            elif light["online"] and url in self._off:
                self._off.remove(url)
                self._line.note(f"{name} is back")
        return f"{len(self._off)} off line" if self._off else ""
