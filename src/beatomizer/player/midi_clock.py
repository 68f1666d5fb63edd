"""MIDI clock: twenty-four ticks a beat from a mixer, a drum machine or a DJ program.

Real-time messages (MIDI 1.0 detailed specification, "System Real Time"): F8 clock, FA start, FB continue, FC stop; F2
and two 7-bit bytes is the song position in sixteenths. They may stand between the bytes of other messages.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beatomizer.errors import DeviceError, MissingExtraError, UsageError, one_line
from beatomizer.player.sync import BeatGrid, Sender

TICKS_A_BEAT = 24
_CLOCK, _START, _CONTINUE, _STOP, _POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
_TICKS_A_SIXTEENTH = 6


class MidiClock:
    """Bytes as they come, beats into a grid.

    Args:
        grid: told of each beat.
    """

    def __init__(self, grid: BeatGrid) -> None:
        self._grid = grid
        self._tick = 0  # number of the next tick, 0 at the song's start
        self._runs = True  # many senders tick without ever having said start
        self._wanted: list[int] | None = None

    def feed(self, data: bytes, at_s: float) -> None:
        """Take bytes that came at a moment (monotonic)."""
        for byte in data:
            if byte >= 0xF8:
                self._real_time(byte, at_s)
            elif byte >= 0x80:
                self._wanted = [] if byte == _POSITION else None
            elif self._wanted is not None:
                self._wanted.append(byte)
                if len(self._wanted) == 2:
                    low, high = self._wanted
                    self._tick, self._wanted = (low | high << 7) * _TICKS_A_SIXTEENTH, None

    def _real_time(self, byte: int, at_s: float) -> None:
        if byte == _CLOCK and self._runs:
            if self._tick % TICKS_A_BEAT == 0:
                self._grid.beat(at_s, count=self._tick // TICKS_A_BEAT)
            self._tick += 1
        elif byte == _START:
            self._tick, self._runs = 0, True
        elif byte == _CONTINUE:
            self._runs = True
        elif byte == _STOP:
            self._runs = False
            self._grid.stop()


def listen_midi(port: str) -> Sender:
    """Listen to a port: a raw device (``/dev/snd/midiC1D0``), or part of a port's name.

    Raises:
        UsageError: no port, or several, have that name.
        MissingExtraError: names need the ``midi`` extra.
        DeviceError: it cannot be opened.
    """
    grid = BeatGrid()
    clock = MidiClock(grid)
    if port.startswith("/"):
        return _raw(Path(port), clock, grid)
    try:
        import rtmidi
    except ImportError:
        raise MissingExtraError("MIDI by a port's name", "midi") from None
    source = rtmidi.MidiIn()
    names: list[str] = source.get_ports()
    fitting = [number for number, name in enumerate(names) if port.lower() in name.lower()]
    if len(fitting) != 1 or not port:
        known = ", ".join(one_line(name, 40) for name in names) or "none"
        raise UsageError(f"no single MIDI port is called '{one_line(port, 40)}'", f"there are: {known}")
    source.open_port(fitting[0])
    source.ignore_types(timing=False)
    source.set_callback(_callback(clock))
    return Sender(grid, source.close_port)


def _callback(clock: MidiClock) -> Callable[[Any, Any], None]:
    def take(event: Any, data: Any = None) -> None:
        clock.feed(bytes(event[0]), time.monotonic())

    return take


def _raw(path: Path, clock: MidiClock, grid: BeatGrid) -> Sender:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        if os.name == "posix":
            os.set_blocking(descriptor, True)
    except OSError as error:
        raise DeviceError(f"'{path}' cannot be opened ({error.strerror})", "is it plugged in?") from None

    def listen() -> None:
        with contextlib.suppress(OSError):
            while data := os.read(descriptor, 256):
                clock.feed(data, time.monotonic())

    threading.Thread(target=listen, daemon=True).start()
    return Sender(grid, lambda: os.close(descriptor))
