"""Read the light of a show file, trusting nothing in it: sizes are checked before memory is asked for."""

import stat
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.audio.gate import shown
from beatomizer.errors import BeatomizerError, ResourceLimitError, UnreadableInputError
from beatomizer.timebase import FPS

MOST_FRAMES = 3 * 3600 * FPS
"""Three hours, as for songs."""

MOST_COLORS = 12_000_000
"""Frames times zones that are judged at once: three hours of eighteen zones, or a song of eight hundred."""

_CSV_HEADER = "time_s,zone,r,g,b"
_LONGEST_LINE = 200
_READ_BYTES = 1 << 20


def read_npz(path: Path) -> U8:
    """The ``rgb`` of a ``.npz`` show, uint8 ``[T, Z, 3]`` at 60 frames a second.

    A recording of what was sent (``record://``) also says when: it is laid out by those times, whatever its ``fps``.

    Raises:
        UnreadableInputError: not a regular file, not such an archive, or damaged.
        ResourceLimitError: it holds more light than is judged.
    """
    _refuse_unless_regular(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if "rgb.npy" not in members:
                raise UnreadableInputError(
                    f"'{shown(path)}' holds no light", "a show has an array called rgb"
                )
            recorded = "time_s.npy" in members
            if "fps.npy" in members and not recorded:
                _refuse_other_fps(path, archive, members["fps.npy"])
            with archive.open(members["rgb.npy"]) as file:
                rgb8 = _read_rgb(path, file, members["rgb.npy"].file_size)
            if not recorded:
                return rgb8
            with archive.open(members["time_s.npy"]) as file:
                return _as_sent(path, rgb8, _read_times(path, file, len(rgb8)))
    except BeatomizerError:
        raise
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        EOFError,
        NotImplementedError,  # zipfile: a compression method that it does not know
        RuntimeError,
        KeyError,
    ) as error:
        raise UnreadableInputError(f"'{shown(path)}' is damaged ({error})", "make it again") from error
    except Exception as error:
        # zipfile passes on what the decompressors raise (zlib.error, LZMAError), which share no base class.
        raise UnreadableInputError(f"'{shown(path)}' is damaged", "make it again") from error


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file, max_header_size=10_000)
    return tuple(int(size) for size in shape), bool(fortran), dtype


def _read_rgb(path: Path, file: IO[bytes], member_bytes: int) -> U8:
    shape, fortran, dtype = _header(file)
    if dtype != np.uint8 or fortran or len(shape) != 3 or shape[2] != 3 or shape[1] < 1:
        raise UnreadableInputError(f"the rgb in '{shown(path)}' is not uint8 [T, Z, 3]", "make it again")
    _refuse_too_much(path, shape[0], shape[1])
    size = shape[0] * shape[1] * 3
    if size > member_bytes:
        raise UnreadableInputError(f"'{shown(path)}' is shorter than it says", "make it again")
    data = bytearray()
    while len(data) < size:
        block = file.read(min(_READ_BYTES, size - len(data)))
        if not block:
            raise UnreadableInputError(f"'{shown(path)}' is shorter than it says", "make it again")
        data += block
    return np.frombuffer(bytes(data), dtype=np.uint8).reshape(shape)


def _read_times(path: Path, file: IO[bytes], frames: int) -> F64:
    shape, _, dtype = _header(file)
    if shape != (frames,) or dtype != np.float64:
        raise UnreadableInputError(
            f"the time_s in '{shown(path)}' is not float64, one a frame", "make it again"
        )
    data = file.read(frames * 8)
    if len(data) < frames * 8:
        raise UnreadableInputError(f"'{shown(path)}' is shorter than it says", "make it again")
    times_s = np.frombuffer(data, dtype=np.float64)
    if not np.isfinite(times_s).all() or (np.diff(times_s) < 0).any():
        raise UnreadableInputError(f"the times in '{shown(path)}' do not run forward", "make it again")
    if times_s[-1] - times_s[0] > MOST_FRAMES / FPS:
        raise _too_long(path)
    return times_s


def _as_sent(path: Path, rgb8: U8, times_s: F64) -> U8:
    """What was seen at each sixtieth of a second: each frame until the next.

    No frame is left out: of two within one sixtieth the later moves on, and what follows makes up for it.
    """
    steps = np.arange(len(rgb8))
    due = np.round((times_s - times_s[0]) * FPS).astype(np.int64)
    places = np.maximum.accumulate(due - steps) + steps
    _refuse_too_much(path, int(places[-1]) + 1, rgb8.shape[1])
    return np.repeat(rgb8, np.diff(places, append=places[-1] + 1), axis=0)


def _refuse_other_fps(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as file:
        shape, _, dtype = _header(file)
        if shape not in ((), (1,)) or dtype.kind not in "iuf" or dtype.itemsize > 8:
            raise UnreadableInputError(f"the fps in '{shown(path)}' is not a number", "make it again")
        fps = float(np.frombuffer(file.read(dtype.itemsize), dtype=dtype)[0])
    if fps != FPS:
        raise UnreadableInputError(f"'{shown(path)}' has {fps:g} frames a second", f"shows have {FPS}")


def read_csv(path: Path) -> U8:
    """The light of a ``.csv`` show, uint8 ``[T, Z, 3]`` at 60 frames a second.

    Raises:
        UnreadableInputError: not a regular file, or a line is not as it should be; the message names the line.
        ResourceLimitError: it holds more light than is judged.
    """
    _refuse_unless_regular(path)
    try:
        with path.open("r", encoding="ascii", newline="\n") as file:
            if file.readline(_LONGEST_LINE).strip() != _CSV_HEADER:
                raise UnreadableInputError(
                    f"'{shown(path)}' does not begin with {_CSV_HEADER}", "is it a show?"
                )
            return _read_rows(path, file)
    except UnicodeDecodeError as error:
        raise UnreadableInputError(f"'{shown(path)}' is not plain text", "is it a show?") from error
    except OSError as error:
        raise UnreadableInputError(
            f"'{shown(path)}' cannot be read ({error.strerror})", "try a copy"
        ) from error


def _read_rows(path: Path, file: IO[str]) -> U8:
    """Rows of frame 0 in the order of zones, then of frame 1, and so on."""
    colors = bytearray()
    zones = 0
    number = 1
    while line := file.readline(_LONGEST_LINE):
        row = number - 1
        number += 1
        try:
            time_text, zone_text, *rgb_text = line.split(",")
            red, green, blue = rgb_text
            time_s, zone = float(time_text), int(zone_text)
            colors += bytes((int(red), int(green), int(blue)))
        except ValueError as error:
            raise _bad_line(path, number, "is not time_s,zone,r,g,b with colours 0..255") from error
        if zones == 0 and zone == 0 and row > 0:
            zones = row
        frame, place = divmod(row, zones) if zones else (0, row)
        if zone != place:
            raise _bad_line(path, number, f"has zone {zone} where {place} should be")
        if not abs(time_s * FPS - frame) < 0.5:
            raise _bad_line(path, number, f"is not at {frame / FPS:.6f} s ({FPS} frames a second)")
        if row >= MOST_COLORS:
            raise _too_long(path)
    zones = zones or len(colors) // 3
    if zones and (len(colors) // 3) % zones:
        raise UnreadableInputError(f"'{shown(path)}' ends in the middle of a frame", "make it again")
    rgb8 = np.frombuffer(bytes(colors), dtype=np.uint8)
    frames = len(colors) // 3 // zones if zones else 0
    if frames == 0:
        raise UnreadableInputError(f"'{shown(path)}' holds no light", "make it again")
    _refuse_too_much(path, frames, zones)
    return rgb8.reshape(frames, zones, 3)


def _bad_line(path: Path, number: int, what: str) -> UnreadableInputError:
    return UnreadableInputError(f"line {number} of '{shown(path)}' {what}", "make it again")


def _refuse_too_much(path: Path, frames: int, zones: int) -> None:
    if frames > MOST_FRAMES or frames * zones > MOST_COLORS:
        raise _too_long(path)
    if frames == 0:
        raise UnreadableInputError(f"'{shown(path)}' holds no light", "make it again")


def _too_long(path: Path) -> ResourceLimitError:
    return ResourceLimitError(
        f"'{shown(path)}' holds more light than is judged", "cut it into parts of at most three hours"
    )


def _refuse_unless_regular(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a possible name"
        raise UnreadableInputError(f"'{shown(path)}' cannot be read ({reason})", "check the name") from error
    if not stat.S_ISREG(mode):
        raise UnreadableInputError(f"'{shown(path)}' is not a regular file", "name a file")
