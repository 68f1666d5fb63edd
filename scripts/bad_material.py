"""What bad files are made of: short tones, containers written by hand, and small encodings with PyAV."""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
"""``[n, channels]``, full scale ±1."""

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
"""WAVE format tags."""


def tone(seconds: float = 1.0, rate: int = 44_100, channels: int = 2, level: float = 0.5) -> Sound:
    """A 220 Hz tone that beats twice a second."""
    time_s = np.arange(round(seconds * rate)) / rate
    wave = level * np.sin(2 * np.pi * 220 * time_s) * (0.3 + 0.7 * np.exp(-8 * (time_s % 0.5)))
    return np.repeat(wave[:, None], channels, axis=1)


def pcm(sound: Sound, kind: str) -> bytes:
    """Interleaved little-endian samples: ``u1 i2 i3 i4 f4 f8``."""
    if kind == "u1":
        return np.asarray(np.round(sound * 127 + 128), np.uint8).tobytes()
    if kind == "i3":
        return (
            np.asarray(np.round(sound * (2**31 - 256)), "<i4").reshape(-1, 1).view(np.uint8)[:, 1:].tobytes()
        )
    if kind in ("i2", "i4"):
        return np.asarray(np.round(sound * (2 ** (8 * int(kind[1]) - 1) - 1)), f"<{kind}").tobytes()
    with np.errstate(all="ignore"):
        return sound.astype(f"<{kind}").tobytes()


def mu_law(sound: Sound) -> bytes:
    """G.711 µ-law by its formula (µ = 255), one byte a sample."""
    curve = np.log1p(255 * np.abs(sound)) / np.log(256)
    return np.asarray(
        ~((sound < 0).astype(np.uint8) << 7 | np.round(curve * 127).astype(np.uint8)), np.uint8
    ).tobytes()


def chunk(name: bytes, body: bytes, claimed: int | None = None) -> bytes:
    """A RIFF chunk, padded to an even length; ``claimed`` is the length written if it is to be a lie."""
    return (
        name + struct.pack("<I", len(body) if claimed is None else claimed) + body + b"\0" * (len(body) & 1)
    )


def wav(
    body: bytes,
    *,
    tag: int = PCM,
    channels: int = 2,
    rate: int = 44_100,
    bits: int = 16,
    block: int | None = None,
    claimed: int | None = None,
    mask: int | None = None,
) -> bytes:
    """A WAVE file around ``body``; every field may be a lie."""
    block = max(0, channels * bits // 8) & 0xFFFF if block is None else block
    head = (tag if mask is None else EXTENSIBLE, channels, rate, (rate * block) & 0xFFFFFFFF, block, bits)
    fmt = struct.pack("<HHIIHH", *head)
    if mask is not None:
        guid = struct.pack("<I", tag) + bytes.fromhex("00001000800000aa00389b71")
        fmt += struct.pack("<HHI", 22, bits, mask) + guid
    riff = b"WAVE" + chunk(b"fmt ", fmt) + chunk(b"data", body, claimed)
    return chunk(b"RIFF", riff, None if claimed is None else min(claimed + 36, 0xFFFFFFFF))


def plain_wav(seconds: float = 1.0, rate: int = 44_100, channels: int = 2) -> bytes:
    """An honest 16-bit WAVE file."""
    return wav(pcm(tone(seconds, rate, channels), "i2"), rate=rate, channels=channels)


def float_wav(sound: Sound, kind: str = "f4") -> bytes:
    """A WAVE file of floats."""
    return wav(pcm(sound, kind), tag=FLOAT, bits=8 * int(kind[1]), channels=sound.shape[1])


def aiff(body: bytes, *, rate: bytes, channels: int = 2, frames: int | None = None, bits: int = 16) -> bytes:
    """An AIFF file; ``rate`` is its ten-byte float."""
    count = len(body) // max(1, channels * bits // 8) if frames is None else frames
    comm = struct.pack(">HIH", channels, count, bits) + rate
    parts = b"".join(
        name + struct.pack(">I", len(part)) + part
        for name, part in ((b"COMM", comm), (b"SSND", struct.pack(">II", 0, 0) + body))
    )
    return b"FORM" + struct.pack(">I", 4 + len(parts)) + b"AIFF" + parts


AIFF_44100 = bytes.fromhex("400eac44000000000000")


def caf(labels: Sequence[int], seconds: float = 1.0) -> bytes:
    """A CAF file that lists the places of its channels one by one (1 left, 2 right), in any order."""
    count = len(labels)
    desc = struct.pack(">d4sIIIII", 44_100.0, b"lpcm", 0, 2 * count, 1, count, 16)
    places = b"".join(struct.pack(">II3f", label, 0, 0, 0, 0) for label in labels)
    body = np.frombuffer(pcm(tone(seconds, channels=count), "i2"), "<i2").astype(">i2").tobytes()
    parts = (
        (b"desc", desc),
        (b"chan", struct.pack(">III", 0, 0, count) + places),
        (b"data", bytes(4) + body),
    )
    return b"caff" + struct.pack(">HH", 1, 0) + b"".join(n + struct.pack(">q", len(p)) + p for n, p in parts)


def _frames(sound: Sound, rate: int, layout: str, starts_s: Sequence[float]) -> Iterator[av.AudioFrame]:
    """The sound cut into as many parts as there are ``starts_s``, each stamped with its start."""
    for part, start_s in zip(np.array_split(sound, len(starts_s)), starts_s, strict=True):
        for at in range(0, len(part), 1024):
            samples = np.asarray(np.round(part[at : at + 1024] * 32767), np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = round(start_s * rate) + at
            yield frame


def encoded(
    container: str,
    codec: str,
    *,
    sound: Sound | None = None,
    rate: int = 44_100,
    layout: str = "stereo",
    starts_s: Sequence[float] = (0.0,),
    pictures_s: Sequence[float] = (),
    size: tuple[int, int] = (64, 48),
    picture_codec: str = "mpeg4",
    tracks: int = 1,
    tags: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Encode a sound, and pictures at the given times, into a container.

    Args:
        container: libav's name.
        codec: libav's name; an empty one leaves the sound out.
        sound: ``[n, channels]``; a two-second tone without it.
        rate: of the sound, in Hz.
        layout: of its channels.
        starts_s: the sound is cut into this many parts, which begin at these times: gaps and overlaps.
        pictures_s: times of the pictures; none without them.
        size: of the pictures.
        picture_codec: libav's name; VP9 in WebM.
        tracks: copies of the sound.
        tags: metadata.
        options: of the container.
    """
    out = io.BytesIO()
    sound = tone(2.0, rate) if sound is None else sound
    with av.open(out, "w", format=container, options=options or {}) as file:
        file.metadata.update(tags or {})
        video = _video_stream(file, container, size, picture_codec) if len(pictures_s) else None
        voices = [file.add_stream(codec, rate=rate, layout=layout) for _ in range(tracks if codec else 0)]
        if codec == "vorbis":
            for voice in voices:
                voice.codec_context.options = {"strict": "-2"}
        for number, time_s in enumerate(pictures_s):
            grey = np.full((size[1], size[0], 3), 40 + number * 37 % 200, np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24")
            picture.pts, picture.time_base = round(time_s * 90_000), Fraction(1, 90_000)
            file.mux(video.encode(picture))  # type: ignore[union-attr]  # a video stream: it has encode
        for voice in voices:
            packet_samples = voice.codec_context.frame_size or 1024
            resampler = av.AudioResampler(voice.codec_context.format, layout, rate, packet_samples)
            for frame in _frames(sound, rate, layout, starts_s):
                for ready in resampler.resample(frame) if len(starts_s) == 1 else [frame]:
                    file.mux(voice.encode(ready))
            for ready in resampler.resample(None) if len(starts_s) == 1 else []:
                file.mux(voice.encode(ready))
        for stream in [video, *voices] if video else voices:
            file.mux(stream.encode(None))
    return out.getvalue()


def _video_stream(
    file: av.container.OutputContainer, container: str, size: tuple[int, int], codec: str
) -> av.VideoStream:
    video = file.add_stream("libvpx-vp9" if container == "webm" else codec, rate=25)
    video.width, video.height, video.pix_fmt = size[0], size[1], "yuv420p"
    video.codec_context.time_base = (
        Fraction(1, 1000) if container in ("webm", "matroska") else Fraction(1, 12_000)
    )
    return video


def huge_png(side: int = 16_000) -> bytes:
    """A black grey-scale PNG of ``side`` × ``side`` points: a quarter of a megabyte that unpacks to hundreds."""
    row, packer = bytes(side + 1), zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in parts
    )


def id3(frames: dict[str, bytes]) -> bytes:
    """An ID3v2.3 tag of these frames."""
    body = b"".join(name.encode() + struct.pack(">IH", len(part), 0) + part for name, part in frames.items())
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + body


def flipped(data: bytes, seed: int, share: float = 0.001) -> bytes:
    """``data`` with about ``share`` of its bytes changed in one bit each, at least three."""
    rng = np.random.default_rng(seed)
    out = np.frombuffer(data, np.uint8).copy()
    places = rng.integers(0, len(out), max(3, round(share * len(out))))
    out[places] ^= np.asarray(1 << rng.integers(0, 8, len(places)), np.uint8)
    return out.tobytes()


def patched(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """``data`` with ``value`` written ``offset`` bytes after the end of the first ``mark``."""
    at = data.index(mark) + len(mark) + offset
    return data[:at] + value + data[at + len(value) :]
