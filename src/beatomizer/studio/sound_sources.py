"""What live mode can listen to, as a page sees it; for a child process, since drivers may hang."""

import contextlib

from beatomizer.audio.capture.find import MICROPHONE, PLAYED
from beatomizer.audio.capture.portaudio import inputs
from beatomizer.audio.capture.pulse import has_pulse, sources
from beatomizer.errors import BeatomizerError, one_line
from beatomizer.studio.lines_child import Told


def list_sources() -> list[Told]:
    """What can be listened to, the likeliest first."""
    found: list[Told] = []
    with contextlib.suppress(BeatomizerError):
        pulse = sources() if has_pulse() else []
        for source in sorted(pulse, key=lambda source: (not source.monitor, not source.default)):
            kind = PLAYED if source.monitor else MICROPHONE
            name = one_line(source.title, 80)
            found.append({"id": source.name, "name": name, "kind": kind, "default": source.default})
    if not found:
        with contextlib.suppress(BeatomizerError):
            for number, name, _, _ in inputs():
                found.append(
                    {"id": str(number), "name": one_line(name, 80), "kind": MICROPHONE, "default": False}
                )
    return found
