"""Which source is meant: by name, or what the computer plays, or the microphone."""

from beatomizer.audio.capture.block import Capture
from beatomizer.audio.capture.portaudio import DeviceCapture, inputs
from beatomizer.audio.capture.pulse import PulseCapture, Source, has_pulse, sources
from beatomizer.errors import BeatomizerError, DeviceError, UsageError, one_line

PLAYED, MICROPHONE = "computer", "microphone"
"""Words for what the computer plays, and for its microphone or line input."""


def listed() -> list[str]:
    """All sources, one line each, for people; what to write is the first word or the whole name."""
    lines = []
    try:
        pulse = sources() if has_pulse() else []
    except DeviceError:
        pulse = []
    for source in pulse:
        what = "what the computer plays" if source.monitor else "input"
        star = "* " if source.default else "  "
        lines.append(f"{star}{source.name}  {source.title} ({what}, {source.sample_rate} Hz)")
    try:
        found = inputs()
    except BeatomizerError:
        found = []
    lines += [f"  {number}  {name} (PortAudio, {rate} Hz)" for number, name, _, rate in found]
    return lines


def open_capture(wanted: str | None) -> Capture:
    """Open a source.

    Args:
        wanted: ``computer``, ``microphone``, (part of) a name from ``listed``, or a PortAudio number; ``None`` is what
            the computer plays where that can be heard, else the system's input.

    Raises:
        UsageError: several sources have that in their name.
        DeviceError: there is no such source.
    """
    if has_pulse() and not (wanted or "").isdecimal():
        try:
            found: list[Source] | None = sources()
        except DeviceError:
            found = None
        source = chosen(found or [], wanted)
        if source is not None:
            return PulseCapture(source)
        if found is not None and wanted in (None, PLAYED):
            raise DeviceError("the sound server has no output to listen to", "see 'beatomizer live --list'")
    if wanted == PLAYED:
        raise DeviceError(
            "what the computer plays cannot be heard here", "'beatomizer doctor' says how to change that"
        )
    return DeviceCapture(None if wanted == MICROPHONE else wanted)


def chosen(found: list[Source], wanted: str | None) -> Source | None:
    """The source that is meant, if it is among those found.

    Raises:
        UsageError: several fit.
    """
    if wanted in (None, PLAYED, MICROPHONE):
        fitting = [source for source in found if source.monitor == (wanted != MICROPHONE)]
        fitting.sort(key=lambda source: not source.default)
        return fitting[0] if fitting else None
    assert wanted is not None
    exact = [source for source in found if wanted in (source.name, source.title)]
    words = [s for s in found if wanted.lower() in s.name.lower() or wanted.lower() in s.title.lower()]
    fitting = exact or words
    if len(fitting) > 1:
        names = ", ".join(one_line(source.name, 60) for source in fitting)
        raise UsageError(f"'{one_line(wanted, 60)}' fits several sources", f"say more: {names}")
    return fitting[0] if fitting else None
