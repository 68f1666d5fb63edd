"""Decoding: a checked file → frames of its sound track, as libav gives them.

What may run on foreign bytes is written down: the containers, the codecs, no protocol at all. Only the sound track is
decoded; pictures are not even looked at while the file is probed (a picture of 16000 × 16000 points in less than a
megabyte would cost 768 MB), and cover art is not a video.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Disposition

from beatomizer.audio.endings import cut_off
from beatomizer.audio.gate import BARREN_VIDEO_BYTES, SongFile, open_song, shown
from beatomizer.audio.mix import CHANNEL_NAMES
from beatomizer.audio.timeline import Stamped
from beatomizer.errors import NoUsableAudioError, UnreadableInputError

CONTAINERS = (
    "mp3,ogg,flac,wav,w64,aiff,au,caf,aac,ac3,eac3,ape,wv,tta,asf,avi,flv,mpeg,mpegts,"
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
)
"""Demuxers that may open a file. None of them follows a reference to another file or address."""

CODECS = (
    "mp3,mp3float,mp2,mp2float,mp1,mp1float,aac,vorbis,opus,libopus,flac,alac,ac3,eac3,dca,mlp,truehd,wmav1,wmav2,"
    "wmapro,wmalossless,wavpack,ape,tta,speex,libspeex,amrnb,amrwb,gsm,gsm_ms,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,"
    "adpcm_swf,adpcm_yamaha,qdm2,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_u16le,pcm_u16be,pcm_s24le,pcm_s24be,pcm_u24le,"
    "pcm_u24be,pcm_s32le,pcm_s32be,pcm_u32le,pcm_u32be,pcm_s64le,pcm_s64be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,"
    "pcm_mulaw,pcm_alaw,pcm_bluray,pcm_dvd,pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,pcm_s32le_planar"
)
"""Decoders that may run."""

DEMUX_ERRORS = (av.error.FFmpegError, IndexError)
"""What reading packets may raise. The second: PyAV 18.1 stumbles at the end of files in which streams appear late."""

_READ_BYTES = 64 << 10
_FIRST_PICTURES = 16
"""Pictures looked at for the earliest: coders send some before those that come first."""

_MOST_FRUITLESS_PACKETS = 20_000
_MOST_CHANNELS = 64


class Track:
    """The sound track of one file: the one marked as default, else the first that can be decoded.

    A context manager. Iterate over ``frames()`` once.

    Attributes:
        metadata: the track's tags, then the file's, lower-case keys. Untrusted text.
        promised_s: length in seconds that the header claims; ``None`` if it does not, or guesses.
        picture_start_s: time of a video's first picture on the file's clock; ``None`` without a video.
        frame_count, damaged: frames given and packets that could not be decoded so far.
        broken_off: the file ended in the middle of something.
        excess_s: seconds by which the last frame reaches past the end that the container states.

    Raises:
        UnreadableInputError: not a file, or not one of a known kind.
        NoUsableAudioError: no sound track in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frame_count = 0
        self.damaged = 0
        self.broken_off = False
        self.excess_s = 0.0
        with ExitStack() as stack:
            self.file: SongFile = stack.enter_context(open_song(path))
            self._cut_off = cut_off(self.file)
            self.file.seek(0)
            self.picture_start_s = self._first_picture_s()
            self.file.seek(0)
            self._container: InputContainer = stack.enter_context(self._opened())
            self._stream = self._chosen()
            self._clock_s = float(self._stream.time_base or 0)
            self._names, self._safe_layout = _owned_layout(self._stream)
            self._read_facts()
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def frames(self) -> Iterator[Stamped[AudioFrame]]:
        """Decoded frames with the time at which they begin on the file's clock.

        Damaged packets are counted and left out. Ends early where the file breaks off.
        """
        last, frame_end_s = None, None
        for packet, frames in self._decoded():
            if packet.size:
                last = packet
            for frame in frames:
                samples, rate, pts = frame.samples, frame.sample_rate, frame.pts
                if not samples:
                    continue
                self.frame_count += 1
                begin_s = None if pts is None else pts * self._clock_s
                frame_end_s = None if begin_s is None else begin_s + samples / rate
                yield Stamped(frame, begin_s, samples, rate)
        if last and last.pts is not None and last.duration and frame_end_s and self._counts_samples():
            self.excess_s = frame_end_s - (last.pts + last.duration) * self._clock_s

    def _decoded(self) -> Iterator[tuple[av.Packet, list[AudioFrame]]]:
        """Packets of the track with what came out of them, as long as something does now and then."""
        decode = self._stream.codec_context.decode
        fruitless = 0
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = decode(packet)
                except av.error.EOFError:
                    continue
                except av.error.FFmpegError:
                    self.damaged += 1
                    self.broken_off = True  # unless something follows
                    frames = []
                yield packet, frames
                if frames:
                    fruitless = 0
                    self.broken_off = self._cut_off
                    self.file.sound_came()
                    continue
                fruitless += 1
                if fruitless > _MOST_FRUITLESS_PACKETS:
                    return
        except DEMUX_ERRORS:  # nothing can be read past this place
            self.broken_off = True
        self.broken_off |= bool(self.file.failure)

    def channel_names(self, frame: AudioFrame) -> Sequence[str]:
        """Names of the frame's channels as libav has them ("FL", "FR", …); the header's where it has none."""
        count = frame.layout.nb_channels
        if count > _MOST_CHANNELS:
            raise UnreadableInputError(
                f"'{shown(self.path)}' has {count} channels", f"at most {_MOST_CHANNELS}"
            )
        names = [channel.name for channel in frame.layout.channels]
        if len(self._names) == count and not self._safe_layout:
            names = self._names
        if any(name in CHANNEL_NAMES for name in names):
            return names
        return {1: ["FC"], 2: ["FL", "FR"]}.get(count, names)

    def _opened(self) -> InputContainer:
        # The file object has no path and the protocol list is empty: nothing in the file can name another one.
        limits = {
            "format_whitelist": CONTAINERS,
            "codec_whitelist": CODECS,
            "protocol_whitelist": "none",
        }
        try:
            container: InputContainer = av.open(
                self.file,
                container_options=limits,
                metadata_errors="replace",
                buffer_size=_READ_BYTES,
            )
            return container
        except av.error.FFmpegError as error:
            why = f" ({self.file.failure})" if self.file.failure else ""
            raise UnreadableInputError(
                f"'{shown(self.path)}' is not a sound or video file that can be read{why}",
                "mp3, ogg, opus, flac, m4a, wav, aiff and the usual video files can",
            ) from error

    def _first_picture_s(self) -> float | None:
        """Time of the first picture on the file's clock; ``None`` without a video, and cover art is none.

        A reading of its own: libav's ``start_time`` of a video is right only where it may decode pictures.
        """
        with self._opened() as container:
            videos = [v for v in container.streams.video if not v.disposition & Disposition.attached_pic]
            if not videos:
                return None
            self.file.patience = BARREN_VIDEO_BYTES
            clocks: list[float] = []
            with suppress(*DEMUX_ERRORS):  # what is wrong shows up again when the sound is read
                for packet in islice(container.demux(videos), _FIRST_PICTURES):
                    ticks = packet.dts if packet.pts is None else packet.pts
                    if ticks is not None and packet.time_base:
                        clocks.append(float(ticks * packet.time_base))
            return min(clocks, default=None)

    def _chosen(self) -> AudioStream:
        tracks = list(self._container.streams.audio)
        if not tracks:
            raise NoUsableAudioError(f"'{shown(self.path)}' has no sound in it", "choose a file with sound")
        known = [
            track for track in tracks if track.codec_context and track.codec_context.name in CODECS.split(",")
        ]
        if not known:
            raise UnreadableInputError(
                f"the sound in '{shown(self.path)}' is of a kind that cannot be decoded",
                "convert it to flac or mp3",
            )
        chosen = next((track for track in known if track.disposition & Disposition.default), known[0])
        for stream in self._container.streams:
            if stream is not chosen:
                stream.discard = Discard.all
        chosen.codec_context.thread_count = 1  # more only helps flac, and costs it memory
        return chosen

    def _read_facts(self) -> None:
        tags = {**self._container.metadata, **self._stream.metadata}
        self.metadata = {key.lower(): value for key, value in {**tags, **self._container.metadata}.items()}
        self.promised_s: float | None = None
        if self._container.format.name in ("mp3", "aac", "mpeg", "mpegts", "ac3", "eac3"):
            return  # these have no length; libav guesses one from the bit rate
        if self._stream.duration is not None:
            self.promised_s = self._stream.duration * self._clock_s
        elif self._container.duration is not None and self.picture_start_s is None:
            self.promised_s = self._container.duration / 1e6

    def _counts_samples(self) -> bool:
        """Whether the file's clock ticks once a sample, so that a packet's length can end within a frame."""
        rate = self._stream.codec_context.sample_rate
        return bool(self._stream.time_base and rate and self._stream.time_base * rate == 1)


def _owned_layout(stream: AudioStream) -> tuple[list[str], bool]:
    """Names of the track's channels, and whether their order is one of libav's own.

    A file may list its channels in an order of its own ("right, left"). PyAV 18.1 frees such a list twice and takes
    the process down, on the first frame, or on the second look at the layout. So it is looked at once, here, and
    then replaced by a plain number of channels: the old list then belongs to ``layout`` alone and is freed once.

    Raises:
        UnreadableInputError: the order is the file's own and the decoder would bring it back.
    """
    context = stream.codec_context
    layout = context.layout
    name, count = layout.name, layout.nb_channels
    names = [channel.name for channel in layout.channels]
    if count < 1:
        return [], True
    context.layout = f"{count} channels"
    if "channels (" not in name and "+" not in name:
        context.layout = name
        return names, True
    if context.name in ("aac", "opus", "libopus"):
        raise UnreadableInputError(
            "the song's channels are in an order of its own", "convert it to stereo first, or to flac"
        )
    return names, False
