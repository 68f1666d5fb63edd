"""Healthy files of every kind, two seconds long, for the bad ones to be made from."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from scripts.bad_material import encoded, plain_wav

FINE, UNREADABLE, SILENT, LIMIT = 0, 3, 4, 5
"""Exit codes: done, unreadable input, no usable audio, over a resource limit."""

Content = bytes | Callable[[Path], None]
Entry = tuple[str, str, set[int], Content]
"""Name, reason, allowed exit codes, content."""

RECIPES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "song.mp3": ("mp3", "libmp3lame", {}),
    "song.ogg": ("ogg", "vorbis", {}),
    "song.opus": ("ogg", "libopus", {"rate": 48_000}),
    "song.flac": ("flac", "flac", {}),
    "song.m4a": ("ipod", "aac", {}),
    "song_pieces.m4a": ("mp4", "aac", {"options": {"movflags": "frag_keyframe+empty_moov"}}),
    "song_alac.m4a": ("ipod", "alac", {}),
    "song.aac": ("adts", "aac", {}),
    "song.aiff": ("aiff", "pcm_s16be", {}),
    "song.wv": ("wv", "wavpack", {}),
    "song.ac3": ("ac3", "ac3", {}),
    "song.mka": ("matroska", "libopus", {"rate": 48_000}),
    "film.mp4": ("mp4", "aac", {"pictures_s": (0, 0.5, 1.0)}),
    "film.webm": ("webm", "libopus", {"rate": 48_000, "pictures_s": (0, 0.5, 1.0)}),
    "film.mov": ("mov", "pcm_s16le", {"pictures_s": (0, 0.5, 1.0)}),
    "film.avi": ("avi", "libmp3lame", {"pictures_s": (0, 0.04, 0.08)}),
    "film.ts": ("mpegts", "aac", {"pictures_s": (0, 0.5, 1.0)}),
    "film.flv": ("flv", "aac", {}),
}


def later(make: Callable[..., bytes], *words: Any, **options: Any) -> Content:
    """What ``make(*words, **options)`` will give, made when the file is written and not before."""

    def write(path: Path) -> None:
        path.write_bytes(make(*words, **options))

    return write


@cache
def good(name: str) -> bytes:
    """A healthy two-second file: one of ``RECIPES``, or ``song.wav``."""
    if name == "song.wav":
        return plain_wav(2.0)
    container, codec, more = RECIPES[name]
    return encoded(container, codec, **more)
