"""Is this a whole video with sound? Asked in a child process with limits, before a fetched file is accepted.

``examine`` starts the child and never raises for what is in the file. The child decodes a few pictures and half a
second of sound, reads all packets to find where they end, and, where a site keeps pictures and sound in two files, puts
the packets of both into one (nothing is decoded for that).
"""

import errno
import heapq
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition

from beatomizer.audio.decode import CODECS as SOUND_CODECS
from beatomizer.audio.decode import CONTAINERS, DEMUX_ERRORS
from beatomizer.audio.gate import BARREN_VIDEO_BYTES, SongFile, open_song
from beatomizer.dataset.fetch_errors import DISK_FULL
from beatomizer.dataset.folder_walk import gate
from beatomizer.dataset.listing import CLIP_S
from beatomizer.dataset.video_file import CODECS as PICTURE_CODECS
from beatomizer.dataset.video_file import MOST_PIXELS
from beatomizer.errors import BeatomizerError, UnreadableInputError, one_line
from beatomizer.timebase import clock

_PICTURES, _SOUND_S = 5, 0.5
_MISSING_S = 1.5
"""Promised but absent seconds at the end from which on a file counts as cut off; players' lengths are that rough."""

_WAIT_S = 120.0
_CPU_S = 100
_MEMORY_BYTES = 4 << 30
_FILE_BYTES = 4 << 30


@dataclass(frozen=True)
class Finding:
    """What the child found.

    Attributes:
        problem: why the file is of no use, one line; empty if it is good.
        duration_s: seconds in which there are both pictures and sound.
        suffix: the ending that fits the container, ``.mp4``.
    """

    problem: str = ""
    duration_s: float = 0.0
    suffix: str = ""


def examine(files: Sequence[Path], joined: Path) -> Finding:
    """Look into one file, or put two (pictures, sound) together as ``joined`` and look into that.

    Args:
        files: one or two regular files.
        joined: where two files are put together; without an ending, which is ``Finding.suffix``.
    """
    # -P: no module of the folder that one happens to be in
    words = [sys.executable, "-P", "-m", "beatomizer.dataset.probe", str(joined), *map(str, files)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=_WAIT_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return Finding(f"cannot be decoded within {_WAIT_S:g} s")
    try:
        found = json.loads(done.stdout.splitlines()[-1])
        return Finding(str(found["problem"]), float(found["duration_s"]), str(found["suffix"]))
    except (ValueError, LookupError, TypeError):
        return Finding("brings the decoder down")


def main(words: Sequence[str]) -> None:
    """The child: ``JOINED FILE [FILE]`` → one line of JSON."""
    _limit_self()
    joined, files = Path(words[0]), [Path(word) for word in words[1:]]
    try:
        finding = _examined(files, joined)
    except BeatomizerError as error:
        finding = Finding(error.problem)
    except (*DEMUX_ERRORS, MemoryError, OSError, ValueError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        finding = (
            Finding(DISK_FULL.reason)
            if full
            else Finding(f"cannot be decoded ({one_line(str(error), 80) or type(error).__name__})")
        )
    print(json.dumps(asdict(finding)))


def _limit_self() -> None:
    """Bounds that a hostile file cannot move. Only where the system knows them."""
    with suppress(ImportError):
        import resource

        limits = (
            (resource.RLIMIT_CPU, _CPU_S),
            (resource.RLIMIT_AS, _MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, _FILE_BYTES),
            (resource.RLIMIT_CORE, 0),
        )
        for limit, value in limits:
            with suppress(ValueError, OSError):
                resource.setrlimit(limit, (value, value))


def _examined(files: list[Path], joined: Path) -> Finding:
    for file in files:
        if why := gate(file):
            return Finding(why)
    if len(files) == 1:
        return _look(files[0])
    if len(files) != 2:
        return Finding(f"comes in {len(files)} pieces")
    path = joined.with_name(joined.name + ".mp4")
    try:
        _join(files, path)
    except (*DEMUX_ERRORS, ValueError) as error:  # codecs that MP4 does not hold
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise
        path.unlink(missing_ok=True)
        path = joined.with_name(joined.name + ".mkv")
        _join(files, path)
    return _look(path)


def _opened(file: SongFile) -> InputContainer:
    file.patience = BARREN_VIDEO_BYTES
    limits = {
        "format_whitelist": CONTAINERS,
        "codec_whitelist": f"{SOUND_CODECS},{PICTURE_CODECS}",
        "protocol_whitelist": "none",
    }
    try:
        container: InputContainer = av.open(
            file,
            options={"max_pixels": str(MOST_PIXELS)},  # probing already decodes
            container_options=limits,
            metadata_errors="replace",
        )
        return container
    except av.error.FFmpegError as error:
        raise UnreadableInputError("is not a video that can be read") from error


def _pictures_of(container: InputContainer) -> Any:
    moving = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    return moving[0] if moving and moving[0].codec_context is not None else None


def _sound_of(container: InputContainer) -> Any:
    return next((one for one in container.streams.audio if one.codec_context is not None), None)


def _look(path: Path) -> Finding:
    with open_song(path) as file, _opened(file) as container:
        pictures, sound = _pictures_of(container), _sound_of(container)
        if pictures is None:
            return Finding("has no moving picture")
        if sound is None:
            return Finding("has no sound")
        if pictures.codec_context.width * pictures.codec_context.height > MOST_PIXELS:
            return Finding("has pictures larger than 8K")
        tracks = [_Track(pictures, _PICTURES), _Track(sound, None)]
        broken = _read_through(file, container, tracks)
        promised_s = _promised_s(container)
        suffix = _suffix(container.format.name, path)
    for track, what in zip(tracks, ("picture", "sound")):
        if not track.decoded:
            return Finding(f"has no {what} that can be decoded")
    begin_s = min(track.begin_s for track in tracks)
    both_s = max(0.0, min(track.end_s for track in tracks) - max(track.begin_s for track in tracks))
    whole_s = max(track.end_s for track in tracks) - begin_s
    if broken or promised_s - whole_s > _MISSING_S:
        of = f" of {clock(promised_s)}" if promised_s > whole_s else ""
        return Finding(f"breaks off at {clock(whole_s)}{of}", both_s, suffix)
    if both_s < CLIP_S:
        return Finding(f"is too short: {both_s:.1f} s, a clip needs {CLIP_S:g} s", both_s, suffix)
    return Finding("", both_s, suffix)


class _Track:
    """One stream while its packets go by: a few are decoded, all are measured."""

    def __init__(self, stream: Any, pictures: int | None) -> None:
        self.stream = stream
        self.decoded = False
        self.begin_s, self.end_s = float("inf"), 0.0
        self._pictures = pictures
        self._got = 0.0
        stream.codec_context.thread_count = 1

    def take(self, packet: av.Packet) -> None:
        """Measure, and decode until enough was seen."""
        ticks, base = packet.pts if packet.pts is not None else packet.dts, packet.time_base
        if ticks is not None and base and packet.size:
            self.begin_s = min(self.begin_s, float(ticks * base))
            self.end_s = max(self.end_s, float((ticks + (packet.duration or 0)) * base))
        if not self.decoded:
            with suppress(av.error.FFmpegError):
                for frame in self.stream.codec_context.decode(packet if packet.size else None):
                    self._count(frame)

    def _count(self, frame: Any) -> None:
        if self._pictures is not None:
            self._got += 1
            self.decoded = self._got >= self._pictures
        else:
            self._got += frame.samples / frame.sample_rate
            self.decoded = self._got >= _SOUND_S


def _read_through(file: SongFile, container: InputContainer, tracks: list[_Track]) -> bool:
    """Read all packets; whether reading broke off."""
    by_index = {track.stream.index: track for track in tracks}
    try:
        for packet in container.demux([track.stream for track in tracks]):
            if packet.is_corrupt and packet.size:
                return True
            by_index[packet.stream.index].take(packet)
            file.sound_came()  # or a picture: reading leads somewhere
    except av.error.EOFError:
        return False
    except DEMUX_ERRORS:
        return True
    return False


def _promised_s(container: InputContainer) -> float:
    """The length that the header states; 0 where it is a guess."""
    if container.format.name in ("mpeg", "mpegts", "flv", "avi"):
        return 0.0
    return float(container.duration or 0) / 1e6


def _suffix(format_name: str, path: Path) -> str:
    names = format_name.split(",")
    for name, suffix in (("mov", ".mp4"), ("webm", ".webm"), ("matroska", ".mkv"), ("mpegts", ".ts")):
        if name in names:
            return path.suffix.lower() if path.suffix.lower() in (".mov", ".mkv", ".webm", ".m4v") else suffix
    return f".{names[0]}"


def _join(files: list[Path], path: Path) -> None:
    """Put the pictures of one file and the sound of another into ``path``, times unchanged."""
    with ExitStack() as stack:
        opened = [stack.enter_context(_opened(stack.enter_context(open_song(file)))) for file in files]
        pictures = [(one, _pictures_of(one)) for one in opened if _pictures_of(one) is not None]
        sounds = [(one, _sound_of(one)) for one in opened if _sound_of(one) is not None]
        if not pictures or not sounds:
            raise UnreadableInputError("has no sound" if pictures else "has no moving picture")
        output = stack.enter_context(av.open(str(path), "w"))
        chosen = (pictures[0], sounds[-1])
        copies = [output.add_stream_from_template(stream) for _, stream in chosen]
        flows = [_timed(home, stream, place) for place, (home, stream) in enumerate(chosen)]
        for _, place, packet in heapq.merge(*flows, key=lambda entry: entry[:2]):
            packet.stream = copies[place]
            output.mux(packet)


def _timed(container: InputContainer, stream: Any, place: int) -> Iterator[tuple[float, int, Any]]:
    """Time to decode, place among equals, and packet; of one stream."""
    last = 0.0
    for packet in container.demux(stream):
        if not packet.size:
            continue
        if packet.dts is not None and packet.time_base:
            last = float(packet.dts * packet.time_base)
        yield last, place, packet


if __name__ == "__main__":
    main(sys.argv[1:])
