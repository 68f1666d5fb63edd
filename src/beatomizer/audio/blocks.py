"""The stream of a song: file → cleaned blocks at one rate with one or two channels. What all loading stands on.

``frames (decode) → place in time (timeline) → gather → mix → no nonsense (clean) → resample``, a block at a time, so
that memory does not grow with the song.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame

from beatomizer.arrays import F32
from beatomizer.audio.clean import without_nonsense
from beatomizer.audio.decode import Track
from beatomizer.audio.gate import shown
from beatomizer.audio.mix import mixed
from beatomizer.audio.resample import FASTEST_RATE, SLOWEST_RATE, Resampler
from beatomizer.audio.timeline import Timeline
from beatomizer.errors import NoUsableAudioError, ResourceLimitError, UnreadableInputError, one_line
from beatomizer.progress import Progress, silent
from beatomizer.timebase import SAMPLE_RATE

LONGEST_S = 7_200
"""Songs longer than two hours are refused, by what was decoded and not by what a header claims.

A song, its features and what ``full`` hears in it take about 9 MB a minute, and the whole program is to stay under
1.5 GB (measured at two hours, see the lab notebook).
"""

SHORTEST_S = 0.5
"""Shorter than this nothing can be heard in time with anything."""

_BLOCK = 65_536
"""Samples gathered before they are worked on: frames are some thousand, and numpy is slow on those."""

_KEPT_BACK = 8_192
"""Samples held until the end is known: longer than any coder's last frame that may have to be cut."""

_TAG_LENGTH = 120

Shares = Callable[[Sequence[str]], F32]
"""Channel names → their shares ``[channels, C]`` in each channel of the mix."""


@dataclass
class Findings:
    """What is learned of a song while it is read; complete when its last block has come.

    Attributes:
        title, artist: from the tags, one line each; the file's stem and an empty string without tags.
        warnings: what was mended, one line each.
    """

    title: str = ""
    artist: str = ""
    warnings: list[str] = field(default_factory=list)


def song_blocks(
    path: Path,
    shares: Shares,
    *,
    sample_rate: int = SAMPLE_RATE,
    max_duration_s: float = LONGEST_S,
    findings: Findings | None = None,
    progress: Progress = silent,
) -> Iterator[F32]:
    """Decode ``path`` to blocks ``[n, C]`` of finite float32 at ``sample_rate``.

    Offset and level are as in the file (see ``clean.Level``). Raises as ``load_audio`` does, some of it only after the
    last block.
    """
    findings = findings if findings is not None else Findings()
    with Track(path) as track:
        findings.title, findings.artist = _tags(track, path)
        song = _Song(track, path, shares, sample_rate, max_duration_s)
        for block in song.blocks():
            progress("audio", min(1.0, track.file.furthest / max(1, track.file.size)))
            yield block
        song.judge(findings)
    progress("audio", 1.0)


class _Song:
    """The state of one reading."""

    def __init__(
        self, track: Track, path: Path, shares: Shares, sample_rate: int, max_duration_s: float
    ) -> None:
        self._track = track
        self._path = path
        self._shares_of = shares
        self._max_duration_s = max_duration_s
        self._timeline = Timeline(track.picture_start_s)
        self._kind: tuple[str, int, int] | None = None
        self._fifo = AudioFifo()
        self._shares: F32 = np.zeros((0, 0), np.float32)
        self._channels = shares(["FC"]).shape[1]
        self._resampler = Resampler(sample_rate, self._channels)
        self._nonsense = 0

    def blocks(self) -> Iterator[F32]:
        """The song."""
        for stamped, place in self._timeline.placed(self._track.frames()):
            frame = stamped.sound
            kind = (frame.format.name, stamped.rate, frame.layout.nb_channels)
            if kind != self._kind:
                yield from self._drained()
                self._begin(frame, kind)
            if self._timeline.now_s > self._max_duration_s:
                raise ResourceLimitError(
                    f"'{shown(self._path)}' is longer than {_span(self._max_duration_s)}", "cut it into parts"
                )
            if place.silence:
                yield from self._drained()
                yield from self._silence(place.silence)
            frame.pts = None  # the gathering has its own opinion of time
            if place.cut < frame.samples:
                if place.cut:
                    yield from self._drained()
                self._fifo.write(frame)
                if place.cut:
                    self._fifo.read(place.cut)
            if self._fifo.samples >= _BLOCK + _KEPT_BACK:
                yield from self._resampled(self._fifo.samples - _KEPT_BACK)
        yield from self._drained(self._track.excess_s)
        yield from _filled(self._resampler.finish())

    def judge(self, findings: Findings) -> None:
        """Refuse what came out if it is no song; else write down what was wrong with it."""
        track, name, seconds = self._track, shown(self._path), float(self._resampler.seconds)
        if track.damaged > track.frame_count:
            raise UnreadableInputError(
                f"'{name}' is damaged: most of it cannot be decoded", "try another copy of it"
            )
        if not track.frame_count:
            why = track.file.failure or "its sound track is empty"
            raise NoUsableAudioError(f"'{name}' holds no sound: {why}", "choose another file")
        if seconds < SHORTEST_S:
            raise NoUsableAudioError(
                f"'{name}' holds only {seconds * 1000:.3g} ms of sound",
                f"at least {SHORTEST_S:g} s are needed",
            )
        if self._nonsense >= math.floor(seconds * self._rate):
            raise NoUsableAudioError(f"no sample of '{name}' is a number", "choose another file")
        findings.warnings += self._warnings(seconds)

    def _warnings(self, seconds: float) -> Iterator[str]:
        track, promised, timeline = self._track, self._track.promised_s, self._timeline
        if track.damaged:
            yield f"{_many(track.damaged, 'damaged place')} left out"
        if promised is not None and seconds < promised - max(0.5, 0.01 * promised):
            yield f"the file ends early: {_span(seconds)} of {_span(promised)}"
        elif track.broken_off:
            yield f"the file breaks off after {_span(seconds)}"
        if self._nonsense:
            yield f"{_many(self._nonsense, 'sample')} without a value silenced"
        if timeline.silences:
            yield f"{_many(timeline.silences, 'gap')} filled with silence"
        if timeline.cut_s or timeline.leaps:
            yield "the file's clock jumps; sound and picture may differ"

    @property
    def _rate(self) -> int:
        return self._kind[1] if self._kind else 0

    def _begin(self, frame: AudioFrame, kind: tuple[str, int, int]) -> None:
        if not SLOWEST_RATE <= frame.sample_rate <= FASTEST_RATE:
            raise UnreadableInputError(
                f"'{shown(self._path)}' claims a sample rate of {frame.sample_rate} Hz",
                f"{SLOWEST_RATE} to {FASTEST_RATE} Hz are believed",
            )
        self._kind = kind
        self._shares = self._shares_of(self._track.channel_names(frame))
        self._fifo = AudioFifo()

    def _drained(self, excess_s: float = 0.0) -> Iterator[F32]:
        """Everything gathered, less the last ``excess_s`` seconds."""
        if not self._kind:
            return
        excess = round(excess_s * self._rate)
        keep = self._fifo.samples - (excess if 0 < excess < _KEPT_BACK else 0)
        if keep > 0:
            yield from self._resampled(keep)

    def _silence(self, n_samples: int) -> Iterator[F32]:
        for start in range(0, n_samples, _BLOCK):
            block = np.zeros((min(_BLOCK, n_samples - start), self._channels), np.float32)
            yield from _filled(self._resampler.push(block, self._rate))

    def _resampled(self, n_samples: int) -> Iterator[F32]:
        """The next ``n_samples`` gathered ones."""
        frame = self._fifo.read(n_samples)
        if frame is None:
            return
        block = mixed(frame, self._shares)
        self._nonsense += without_nonsense(block)
        yield from _filled(self._resampler.push(block, self._rate))


def _filled(blocks: list[F32]) -> Iterator[F32]:
    return (block for block in blocks if len(block))


def _tags(track: Track, path: Path) -> tuple[str, str]:
    title = one_line(track.metadata.get("title", ""), _TAG_LENGTH)
    artist = one_line(track.metadata.get("artist", "") or track.metadata.get("album_artist", ""), _TAG_LENGTH)
    return title or one_line(path.stem, _TAG_LENGTH), artist


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _span(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
